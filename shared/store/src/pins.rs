//! Pins each login to the identity that first signed in with it. A later owner of the same address cannot sign in with
//! it.

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use domain::{CompanyId, Login, StaffId};
use serde::{Deserialize, Serialize};

use crate::directory::DirectoryError;
use crate::error::{invalid_item, updated};
use crate::staff::Member;
use crate::{Store, StoreError, keys};

/// A user's identity at an identity provider: the issuer and the subject. A provider never gives a subject to another
/// user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderIdentity {
    pub issuer: String,
    pub subject: String,
}

impl Store {
    /// Pins a login to an identity. Returns `false` if the login is pinned to another identity or does not exist.
    pub async fn pin(&self, login: &Login, identity: &ProviderIdentity) -> Result<bool, StoreError> {
        let pinned = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::login(login).attributes()))
            .update_expression("SET pinned_to = :identity")
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(pinned_to) OR pinned_to = :identity)")
            .expression_attribute_values(
                ":identity",
                serde_dynamo::to_attribute_value(identity).map_err(invalid_item("UpdateItem"))?,
            )
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        updated(pinned)
    }

    /// Removes the pin of a member of staff's login. The login is then pinned to the next identity that signs in with
    /// it.
    pub async fn unpin(&self, company: &CompanyId, staff: &StaffId) -> Result<(), DirectoryError> {
        let member: Member = self.listed(keys::staff(company, staff)).await?.ok_or(DirectoryError::NoStaff)?;
        let unpinned = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::login(&member.login).attributes()))
            .update_expression("REMOVE pinned_to")
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        if updated(unpinned)? { Ok(()) } else { Err(DirectoryError::NoStaff) }
    }
}
