use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};

use crate::{RECENT, Store};

impl Store {
    /// Returns a query of the index for the items of a list between two positions, oldest first. Both positions are
    /// included.
    pub(crate) fn query_between(&self, list: String, lowest: String, highest: String) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(RECENT)
            .key_condition_expression("recent_pk = :list AND recent_sk BETWEEN :lowest AND :highest")
            .expression_attribute_values(":list", AttributeValue::S(list))
            .expression_attribute_values(":lowest", AttributeValue::S(lowest))
            .expression_attribute_values(":highest", AttributeValue::S(highest))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }
}
