//! Creates and refreshes the push subscriptions of browsers.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use domain::{
    Browser, CompanyId, FRESH_SIGN_IN_SECS, PushSubscription, RequestSession, StaffId, SubscriptionId, Timestamp,
    TokenHash,
};
use serde::Deserialize;

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::error::invalid_item;
use crate::push::{BrowserNotes, Item};
use crate::sessions::{self, Session};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

/// A browser's request to be subscribed to push notifications.
#[derive(Clone, Debug)]
pub struct SubscribeRequest {
    pub company: CompanyId,
    pub staff: StaffId,
    /// The session of the HTTP request.
    pub session: TokenHash,
    pub subscription: PushSubscription,
    pub name: String,
    /// The subscription that this one replaces, according to the browser.
    pub replaces: Option<SubscriptionId>,
    /// Whether the request contains the endpoint of the replaced subscription. Only the browser that had that
    /// subscription knows its endpoint, so this is the same browser.
    pub renews: bool,
    /// Whether the member of staff has just turned notifications on. A removed subscription is then created again.
    pub turned_on: bool,
    /// The number of days after the sign-in for which push notifications are sent to the browser.
    pub days: u16,
}

/// The result of subscribing a browser.
#[derive(Clone, Debug)]
pub enum SubscribeOutcome {
    /// The browser is now subscribed for this member of staff, and no longer for any other.
    New(Browser),
    /// The browser was subscribed already.
    Refreshed(Browser),
    /// The member of staff removed the subscription, and has not turned notifications on again.
    Removed,
    /// The browser is new, and the member of staff signed in too long ago to add a browser.
    SignInAgain,
    /// The member of staff already has the maximum number of browsers, [`BROWSERS_AT_MOST`].
    TooMany,
    /// The session ended after the request was authorized.
    SessionOver,
}

/// The maximum number of browsers of a member of staff.
pub const BROWSERS_AT_MOST: usize = 20;

/// How long a subscription stays marked as removed, in seconds.
const RETENTION_SECS: u64 = 60 * 24 * 60 * 60;

/// The shortest time between two refreshes of an unchanged subscription, in seconds. Browsers send their subscription
/// with every page.
const REFRESHES_APART_SECS: u64 = 60 * 60;

/// The owner of a push endpoint, or its last owner if that owner removed the subscription.
#[derive(Clone, Deserialize)]
pub(crate) struct EndpointOwner {
    company: CompanyId,
    staff: StaffId,
    #[serde(default)]
    removed: Option<Timestamp>,
}

impl EndpointOwner {
    fn is(&self, asked: &SubscribeRequest) -> bool {
        self.company == asked.company && self.staff == asked.staff
    }

    /// Returns whether the owner removed the subscription, so that the browser cannot renew it.
    fn has_removed(&self, now: Timestamp) -> bool {
        self.removed.is_some_and(|removed| now < removed.plus_secs(RETENTION_SECS))
    }
}

/// The stored state that decides the outcome of a subscribe request.
struct SubscriptionState {
    session: Option<Session>,
    owner: Option<EndpointOwner>,
    item: Option<Item>,
    /// The owner of the replaced subscription.
    replaced: Option<EndpointOwner>,
}

impl Store {
    /// Creates or refreshes a push subscription, on the condition that its session is still active.
    ///
    /// The check and the write are in one transaction, because the end of a session deletes only the subscriptions that
    /// exist. If the browser was subscribed for another member of staff, that subscription is deleted. The replaced
    /// subscription is deleted if it belongs to the same member of staff. Makes one DynamoDB request if nothing
    /// changes, two for a refresh, and three for a new subscription.
    pub async fn subscribe_browser(
        &self,
        asked: &SubscribeRequest,
        now: Timestamp,
    ) -> Result<SubscribeOutcome, StoreError> {
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let SubscriptionState { session, owner, item, replaced } = self.subscription_state(asked).await?;
            let is_theirs = |session: &Session| {
                session.company == asked.company && session.staff == asked.staff && session.ends > now
            };
            let Some(session) = session.filter(is_theirs) else { return Ok(SubscribeOutcome::SessionOver) };
            let mine = owner.as_ref().filter(|owner| owner.is(asked));
            let replaced = replaced.as_ref().filter(|owner| owner.is(asked));
            let removed = [mine, replaced].into_iter().flatten().any(|owner| owner.has_removed(now));
            if removed && !asked.turned_on {
                return Ok(SubscribeOutcome::Removed);
            }
            let goes = asked.replaces.filter(|_| replaced.is_some_and(|owner| owner.removed.is_none()));
            let item = item.filter(|item| item.is_current(now));
            if let Some(item) = &item
                && mine.is_some_and(|owner| owner.removed.is_none())
                && goes.is_none()
                && is_unchanged(item, asked)
                && now < item.refreshed.plus_secs(REFRESHES_APART_SECS)
            {
                return Ok(SubscribeOutcome::Refreshed(item.clone().into_browser()));
            }
            let Session { began, authenticated, .. } = session;
            // Every page refreshes its subscription, so a refresh does not count as a use of the session.
            let signed_in = RequestSession { session: asked.session.clone(), began, authenticated, lifetime: None };
            let mut writes = self.is_signed_in(&asked.company, &asked.staff, &signed_in, now)?.to_vec();
            let checks = writes.len();
            let is_added = item.is_none() && !(asked.renews && goes.is_some());
            if item.is_none() {
                // A browser added with a stolen session would receive notifications long after that session has ended.
                if is_added && now >= session.began.plus_secs(FRESH_SIGN_IN_SECS) {
                    return Ok(SubscribeOutcome::SignInAgain);
                }
                let (choice, browsers) = self.pushes_of(&asked.company, &asked.staff).await?;
                let stays = |item: &&Item| item.is_current(now) && Some(item.subscription.id()) != goes;
                if browsers.iter().filter(stays).count() >= BROWSERS_AT_MOST {
                    return Ok(SubscribeOutcome::TooMany);
                }
                writes.push(self.count_browser(asked, choice.added)?);
            }
            if let Some(other) = owner.as_ref().filter(|owner| !owner.is(asked)) {
                writes.push(self.browser_goes(&other.company, &other.staff, asked.subscription.id(), None)?);
            }
            writes.push(self.own(asked, owner.as_ref(), now)?);
            writes.push(self.put_browser(asked, session.began, is_added, now)?);
            if let Some(id) = goes {
                writes.push(self.browser_goes(&asked.company, &asked.staff, id, None)?);
                writes.push(self.owner_goes(&asked.company, &asked.staff, id)?);
            }
            match self.transact(writes).await? {
                TransactionOutcome::Done => {
                    let is_new = item.is_none();
                    let browser = merged_item(item, asked, session.began, now).into_browser();
                    return Ok(if is_new {
                        SubscribeOutcome::New(browser)
                    } else {
                        SubscribeOutcome::Refreshed(browser)
                    });
                }
                TransactionOutcome::Refused(refused) if refused.iter().take(checks).any(Option::is_some) => {
                    return Ok(SubscribeOutcome::SessionOver);
                }
                // Another browser was added, or the endpoint's owner changed. The state is read again.
                TransactionOutcome::Refused(_) => {}
            }
        }
        Err(contended())
    }

    /// Reads the stored state that decides the outcome of a subscribe request. Makes one DynamoDB request.
    async fn subscription_state(&self, asked: &SubscribeRequest) -> Result<SubscriptionState, StoreError> {
        let id = asked.subscription.id();
        let (session, owner) = (keys::session(&asked.session), keys::push_owner(id));
        let browser = keys::browser(&asked.company, &asked.staff, id);
        let replaced = asked.replaces.filter(|replaced| *replaced != id).map(keys::push_owner);
        let mut wanted = vec![session.clone(), owner.clone(), browser.clone()];
        wanted.extend(replaced.clone());
        let items = self.batch(wanted, true).await?;
        let mut items: HashMap<_, _> = items.into_iter().filter_map(|item| Some((keys::pk(&item)?, item))).collect();
        let session = items.remove(&session.pk).map(|item| sessions::read(item, "BatchGetItem")).transpose()?;
        let mut whose = |key: &keys::Key| items.remove(&key.pk).map(serde_dynamo::from_item).transpose();
        let owner = whose(&owner).map_err(invalid_item("BatchGetItem"))?;
        let replaced = replaced.and_then(|key| whose(&key).transpose()).transpose();
        let item = items.remove(&browser.pk).map(|item| Item::read(item, "BatchGetItem")).transpose()?;
        Ok(SubscriptionState { session, owner, item, replaced: replaced.map_err(invalid_item("BatchGetItem"))? })
    }

    /// Returns the update that counts a new browser. Its condition fails if another browser was counted since the count
    /// was read.
    fn count_browser(&self, asked: &SubscribeRequest, added: u32) -> Result<TransactWriteItem, StoreError> {
        let number = |number: u32| AttributeValue::N(number.to_string());
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::push_choice(&asked.company, &asked.staff).attributes()))
            .update_expression("SET #added = :next")
            .expression_attribute_names("#added", "added")
            .expression_attribute_values(":next", number(added.wrapping_add(1)));
        let update = if added == 0 {
            update.condition_expression("attribute_not_exists(#added)")
        } else {
            update.condition_expression("#added = :added").expression_attribute_values(":added", number(added))
        };
        Ok(TransactWriteItem::builder().update(update.build().map_err(invalid_item("TransactWriteItems"))?).build())
    }

    /// Returns the update that makes the requester the owner of the endpoint. Its condition fails if the owner has
    /// changed since it was read.
    fn own(
        &self,
        asked: &SubscribeRequest,
        was: Option<&EndpointOwner>,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::push_owner(asked.subscription.id()).attributes()))
            .update_expression("SET company = :company, staff = :staff, expires_at = :expires REMOVE removed")
            .expression_attribute_values(":company", AttributeValue::S(asked.company.to_string()))
            .expression_attribute_values(":staff", AttributeValue::S(asked.staff.to_string()))
            .expression_attribute_values(":expires", AttributeValue::N(expires(now).to_string()));
        let update = match was {
            None => update.condition_expression("attribute_not_exists(pk)"),
            Some(was) => {
                let update = match was.removed {
                    None => update.condition_expression(
                        "company = :was_company AND staff = :was_staff AND attribute_not_exists(removed)",
                    ),
                    Some(removed) => update
                        .condition_expression("company = :was_company AND staff = :was_staff AND removed = :removed")
                        .expression_attribute_values(":removed", AttributeValue::N(removed.as_millis().to_string())),
                };
                update
                    .expression_attribute_values(":was_company", AttributeValue::S(was.company.to_string()))
                    .expression_attribute_values(":was_staff", AttributeValue::S(was.staff.to_string()))
            }
        };
        Ok(TransactWriteItem::builder().update(update.build().map_err(invalid_item("TransactWriteItems"))?).build())
    }

    /// Returns the update of a push subscription. The update keeps the recorded results of deliveries.
    fn put_browser(
        &self,
        asked: &SubscribeRequest,
        began: Timestamp,
        is_added: bool,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let subscription =
            serde_dynamo::to_attribute_value(&asked.subscription).map_err(invalid_item("TransactWriteItems"))?;
        let moment = |moment: Timestamp| AttributeValue::N(moment.as_millis().to_string());
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::browser(&asked.company, &asked.staff, asked.subscription.id()).attributes()))
            .update_expression(format!(
                "SET company = :company, staff = :staff, subscription = :subscription, #session = :session, \
                 began = :began, browser = :browser, #since = if_not_exists(#since, :now), refreshed = :now, \
                 expires_at = :expires{}",
                // The change in the stream notifies the member of staff's other browsers.
                if is_added { ", added = :now" } else { "" }
            ))
            .expression_attribute_names("#session", "session")
            .expression_attribute_names("#since", "since")
            .expression_attribute_values(":company", AttributeValue::S(asked.company.to_string()))
            .expression_attribute_values(":staff", AttributeValue::S(asked.staff.to_string()))
            .expression_attribute_values(":subscription", subscription)
            .expression_attribute_values(":session", AttributeValue::S(asked.session.to_string()))
            .expression_attribute_values(":began", moment(began))
            .expression_attribute_values(":browser", AttributeValue::S(asked.name.clone()))
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":expires", AttributeValue::N(pushed_to_until(asked, began).to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

fn pushed_to_until(asked: &SubscribeRequest, signed_in: Timestamp) -> u64 {
    signed_in.plus_secs(u64::from(asked.days) * 24 * 60 * 60).as_secs()
}

pub(crate) fn expires(now: Timestamp) -> u64 {
    now.plus_secs(RETENTION_SECS).as_secs()
}

fn is_unchanged(item: &Item, asked: &SubscribeRequest) -> bool {
    item.subscription == asked.subscription && item.session == asked.session.to_string() && item.browser == asked.name
}

/// Returns the item that `put_browser` has written.
fn merged_item(before: Option<Item>, asked: &SubscribeRequest, began: Timestamp, now: Timestamp) -> Item {
    let (since, noted) = before.map_or_else(|| (now, BrowserNotes::default()), |before| (before.since, before.noted));
    Item {
        company: asked.company.clone(),
        staff: asked.staff.clone(),
        subscription: asked.subscription.clone(),
        session: asked.session.to_string(),
        began,
        browser: asked.name.clone(),
        since,
        refreshed: now,
        expires_at: pushed_to_until(asked, began),
        noted,
    }
}
