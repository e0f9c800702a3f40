//! The line of the heartbeat and the items that heartbeats leave in the table. A heartbeat is a text that the
//! deployment sends to itself.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use domain::{Line, heartbeat};
use serde::Serialize;

use crate::error::{invalid_item, unavailable};
use crate::{DirectoryError, Store, StoreError, keys};

/// A line that is not in the directory, so no list of lines or companies contains it.
#[derive(Serialize)]
struct UnlistedLine {
    #[serde(flatten)]
    key: keys::Key,
    #[serde(flatten)]
    line: Line,
}

impl Store {
    /// Creates or updates the line that receives the heartbeat. Makes one DynamoDB request.
    ///
    /// Fails with `LineTaken` if the number is a company's line.
    pub async fn make_heartbeat_line(&self) -> Result<(), DirectoryError> {
        let line = heartbeat::line();
        let item = UnlistedLine { key: keys::line(&line.number), line };
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("PutItem"))?))
            .condition_expression("attribute_not_exists(pk) OR #company = :company")
            .expression_attribute_names("#company", "company")
            .expression_attribute_values(":company", AttributeValue::S(heartbeat::company().to_string()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Err(DirectoryError::LineTaken)
            }
            Err(error) => Err(unavailable("PutItem")(error).into()),
        }
    }

    /// Deletes the items of earlier heartbeats, including the idempotency record, and returns the number of texts.
    /// Makes one DynamoDB request, and one for each item.
    pub async fn remove_heartbeats(&self) -> Result<usize, StoreError> {
        let left = self.of_conversation(&heartbeat::company(), heartbeat::conversation()).await?;
        let texts = left.iter().filter(|item| keys::part(item) == keys::ConversationItemKind::Event).count();
        for item in left {
            let key = item.into_iter().filter(|(name, _)| [keys::PK, keys::SK].contains(&name.as_str())).collect();
            self.erase_item(key, None).await?;
        }
        self.erase_item(keys::inbound_guard(heartbeat::message()).attributes(), None).await?;
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_lets_the_heartbeat_write_where_it_writes() {
        let template = include_str!("../../../infra/template.yaml");
        let line = keys::line(&heartbeat::line().number).pk;
        let conversation = keys::conversation(&heartbeat::company(), heartbeat::conversation());
        let guard = keys::inbound_guard(heartbeat::message()).pk;
        for key in [line, conversation, guard, keys::DIRECTORY.to_owned()] {
            assert!(template.contains(&format!("\"{key}\"")), "{key}");
        }
    }
}
