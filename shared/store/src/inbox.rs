use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CompanyId, Conversation, ConversationId, Page, Position, Timestamp};

use crate::error::unavailable;
use crate::head::Head;
use crate::page::cut;
use crate::{Store, StoreError, keys};

impl Store {
    /// A page of a company's conversations, the one with the latest message first. One request.
    pub async fn conversations(
        &self,
        company: &CompanyId,
        before: Option<Position>,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<Conversation>, StoreError> {
        let floor = self.retention.floor(now);
        let (items, cut_short) = self.recent(keys::inbox(company), before, limit, now).await?;
        let mut heads = Vec::with_capacity(items.len());
        for item in items {
            heads.extend(Head::read(item, "Query")?.shown(floor));
        }
        Ok(cut(heads, limit, cut_short, |head| head.id.place_in_inbox(head.last)))
    }

    /// Gives the customer of a conversation their name.
    pub async fn name_customer(
        &self,
        company: &CompanyId,
        conversation: ConversationId,
        name: &str,
    ) -> Result<(), StoreError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::head(company, conversation).attributes()))
            .update_expression("SET #name = :name")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", AttributeValue::S(name.to_owned()))
            .send()
            .await
            .map_err(unavailable("UpdateItem"))?;
        Ok(())
    }
}
