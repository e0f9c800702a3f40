//! Reads the push subscriptions of staff, and records the results of push deliveries.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, TransactWriteItem, Update};
use domain::{
    Browser, CompanyId, LimitWindow, MeteredAction, PushFailure, PushPreference, PushProblem, PushSubscription,
    PushTest, Staff, StaffId, SubscriptionId, Timestamp,
};
use serde::Deserialize;

use crate::error::{invalid_item, unavailable, updated};
use crate::keys::PushItemKind;
use crate::push_settings::{CompanySetting, StaffSetting};
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, keys};

/// A page of a company's push subscriptions, with the settings that apply to them. Contains as many as fit in one
/// DynamoDB response.
#[derive(Clone, Debug)]
pub struct BrowserPage {
    /// Whether a push notification shows the text of a message, or only says that there is a message.
    pub shows_text: bool,
    /// The push subscriptions, each with the preference of its member of staff.
    pub browsers: Vec<(Browser, PushPreference)>,
    /// The cursor to continue from, if the company has more push subscriptions.
    pub next: Option<BrowserCursor>,
}

/// A cursor in the list of a company's push subscriptions. Contains the settings that were read on earlier pages and
/// apply to the following pages.
#[derive(Clone, Debug)]
pub struct BrowserCursor {
    key: HashMap<String, AttributeValue>,
    setting: CompanySetting,
    chosen: Option<(StaffId, PushPreference)>,
}

/// The item of a push subscription.
#[derive(Clone, Deserialize)]
pub(crate) struct Item {
    pub(crate) company: CompanyId,
    pub(crate) staff: StaffId,
    pub(crate) subscription: PushSubscription,
    /// The session in which the subscription was last refreshed. `began` is when that session began.
    pub(crate) session: String,
    pub(crate) began: Timestamp,
    pub(crate) browser: String,
    pub(crate) since: Timestamp,
    pub(crate) refreshed: Timestamp,
    pub(crate) expires_at: u64,
    #[serde(flatten)]
    pub(crate) noted: BrowserNotes,
}

/// The recorded results of deliveries to a browser.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct BrowserNotes {
    #[serde(default)]
    last_delivery: Option<Timestamp>,
    #[serde(default)]
    last_problem: Option<PushProblem>,
    #[serde(default)]
    test: Option<PushTest>,
}

impl Item {
    pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Self, StoreError> {
        serde_dynamo::from_item(item).map_err(invalid_item(operation))
    }

    /// Returns whether push notifications are sent to the subscription. An expired item exists until DynamoDB deletes
    /// it.
    pub(crate) fn is_current(&self, now: Timestamp) -> bool {
        self.expires_at > now.as_secs()
    }

    pub(crate) fn into_browser(self) -> Browser {
        Browser {
            company: self.company,
            staff: self.staff,
            subscription: self.subscription,
            name: self.browser,
            since: self.since,
            last_delivery: self.noted.last_delivery,
            last_problem: self.noted.last_problem,
            test: self.noted.test,
        }
    }
}

/// The shortest time between two recorded deliveries of a browser, in seconds.
const DELIVERIES_APART_SECS: u64 = 5 * 60;

/// The shortest time between two records of the same problem of a browser, in seconds.
const PROBLEMS_APART_SECS: u64 = 60 * 60;

impl Store {
    /// Returns a page of a company's push subscriptions, from the first or from a cursor. Makes one DynamoDB request.
    pub async fn browsers(
        &self,
        company: &CompanyId,
        from: Option<BrowserCursor>,
        now: Timestamp,
    ) -> Result<BrowserPage, StoreError> {
        let (start, mut setting, mut chosen) = match from {
            Some(place) => (Some(place.key), place.setting, place.chosen),
            None => (None, CompanySetting::default(), None),
        };
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::pushes(company)))
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("Query"))?;
        let mut browsers = Vec::new();
        for item in found.items.unwrap_or_default() {
            match keys::push_part(&item).ok_or(StoreError::Misshapen { operation: "Query" })? {
                PushItemKind::Setting => setting = CompanySetting::read(item, "Query")?,
                PushItemKind::Choice(staff) => chosen = Some((staff, StaffSetting::read(item, "Query")?.messages)),
                PushItemKind::Browser => {
                    let item = Item::read(item, "Query")?;
                    let choice = chosen.as_ref().filter(|(staff, _)| *staff == item.staff);
                    let choice = choice.map_or_else(PushPreference::default, |(_, choice)| *choice);
                    browsers.extend(item.is_current(now).then(|| (item.into_browser(), choice)));
                }
            }
        }
        let shows_text = setting.shows_text;
        let next = found.last_evaluated_key.map(|key| BrowserCursor { key, setting, chosen });
        Ok(BrowserPage { shows_text, browsers, next })
    }

    /// Returns a push subscription of a member of staff. Returns `None` if it does not exist or now belongs to another
    /// member of staff. Makes one DynamoDB request.
    pub async fn browser(
        &self,
        company: &CompanyId,
        staff: &StaffId,
        id: SubscriptionId,
        now: Timestamp,
    ) -> Result<Option<Browser>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::browser(company, staff, id).attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        let item = found.item.map(|item| Item::read(item, "GetItem")).transpose()?;
        Ok(item.filter(|item| item.is_current(now)).map(Item::into_browser))
    }

    /// Returns the push setting and the subscriptions of a member of staff, including expired ones. Makes one DynamoDB
    /// request.
    pub(crate) async fn pushes_of(
        &self,
        company: &CompanyId,
        staff: &StaffId,
    ) -> Result<(StaffSetting, Vec<Item>), StoreError> {
        let (lowest, highest) = keys::pushes_of(staff);
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :lowest AND :highest")
            .expression_attribute_values(":pk", AttributeValue::S(keys::pushes(company)))
            .expression_attribute_values(":lowest", AttributeValue::S(lowest))
            .expression_attribute_values(":highest", AttributeValue::S(highest))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("Query"))?;
        let (mut choice, mut browsers) = (StaffSetting::default(), Vec::new());
        for item in found.items.unwrap_or_default() {
            if let Some(PushItemKind::Browser) = keys::push_part(&item) {
                browsers.push(Item::read(item, "Query")?);
            } else {
                choice = StaffSetting::read(item, "Query")?;
            }
        }
        Ok((choice, browsers))
    }

    /// Requests a test notification for a browser and counts it against the limits. The table's stream triggers the
    /// test. Makes one DynamoDB request.
    pub async fn ask_push_test(
        &self,
        staff: &Staff,
        id: SubscriptionId,
        test: &PushTest,
        windows: &[LimitWindow],
    ) -> Result<PushTestOutcome, StoreError> {
        let test_value = serde_dynamo::to_attribute_value(test).map_err(invalid_item("TransactWriteItems"))?;
        let asked = Update::builder()
            .table_name(&self.table)
            .set_key(Some(keys::browser(&staff.company, &staff.id, id).attributes()))
            .update_expression("SET #test = :test")
            .condition_expression("attribute_exists(pk) AND expires_at > :now")
            .expression_attribute_names("#test", "test")
            .expression_attribute_values(":test", test_value)
            .expression_attribute_values(":now", AttributeValue::N(test.at.as_secs().to_string()))
            .build()
            .map_err(invalid_item("TransactWriteItems"))?;
        let mut writes = vec![TransactWriteItem::builder().update(asked).build()];
        for window in windows {
            writes.push(self.count_used(staff, MeteredAction::PushTest, window)?);
        }
        let written = self.transact_for(Some(staff), writes, test.at).await?;
        let TransactionOutcome::Refused(refused) = written else { return Ok(PushTestOutcome::Done) };
        let full = windows.iter().zip(refused.iter().skip(1)).find(|(_, refused)| refused.is_some());
        Ok(match full {
            Some((window, _)) if refused.first().is_some_and(Option::is_none) => PushTestOutcome::Limited(*window),
            _ => PushTestOutcome::Gone,
        })
    }

    /// Records when a push service last accepted a notification for a browser, at most every five minutes.
    ///
    /// Relies on the state in `browser`, and makes at most one DynamoDB request.
    pub async fn record_delivery_time(&self, browser: &Browser, now: Timestamp) -> Result<NoteOutcome, StoreError> {
        let known = browser.last_delivery.is_some_and(|last| {
            let tested = browser.test.as_ref().is_some_and(|test| test.at > last);
            !tested && now < last.plus_secs(DELIVERIES_APART_SECS)
        });
        if known && browser.problem().is_none() {
            return Ok(NoteOutcome::Known);
        }
        let delivered = self
            .note(&browser.company, &browser.staff, browser.id())
            .update_expression("SET last_delivery = :now")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":now", AttributeValue::N(now.as_millis().to_string()));
        update_browser(delivered).await
    }

    /// Records why push notifications cannot be delivered to a browser, at most once an hour for the same reason.
    ///
    /// Relies on the state in `browser`, and makes at most one DynamoDB request.
    pub async fn record_push_failure(
        &self,
        browser: &Browser,
        what: PushFailure,
        now: Timestamp,
    ) -> Result<NoteOutcome, StoreError> {
        let known = |problem: &PushProblem| problem.what == what && now < problem.at.plus_secs(PROBLEMS_APART_SECS);
        if browser.problem().as_ref().is_some_and(known) {
            return Ok(NoteOutcome::Known);
        }
        // A wait that the push service asked for stays in force when another problem follows.
        let not_before = browser.not_before().filter(|not_before| now < *not_before);
        self.record_problem(browser, PushProblem { what, at: now, not_before }).await
    }

    /// Records that a browser's push service is overloaded or too slow. Nothing is sent to the browser before
    /// `not_before`. Makes one DynamoDB request.
    pub async fn record_push_wait(
        &self,
        browser: &Browser,
        not_before: Timestamp,
        now: Timestamp,
    ) -> Result<NoteOutcome, StoreError> {
        let problem = PushProblem { what: PushFailure::Unreachable, at: now, not_before: Some(not_before) };
        self.record_problem(browser, problem).await
    }

    async fn record_problem(&self, browser: &Browser, problem: PushProblem) -> Result<NoteOutcome, StoreError> {
        let problem = serde_dynamo::to_attribute_value(problem);
        let troubled = self
            .note(&browser.company, &browser.staff, browser.id())
            .update_expression("SET last_problem = :problem")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":problem", problem.map_err(invalid_item("UpdateItem"))?);
        update_browser(troubled).await
    }

    fn note(&self, company: &CompanyId, staff: &StaffId, id: SubscriptionId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::browser(company, staff, id).attributes()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
    }
}

/// The result of requesting a test notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushTestOutcome {
    Done,
    /// The limit on tests is reached.
    Limited(LimitWindow),
    /// The subscription does not exist, or belongs to another member of staff.
    Gone,
}

/// The result of recording a delivery or a problem of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteOutcome {
    Done,
    /// A recent record of the same result exists already.
    Known,
    /// The subscription does not exist or belongs to another member of staff. Recording does not create the
    /// subscription again.
    Gone,
}

async fn update_browser(update: UpdateItemFluentBuilder) -> Result<NoteOutcome, StoreError> {
    Ok(if updated(update.send().await)? { NoteOutcome::Done } else { NoteOutcome::Gone })
}

/// A change of a push subscription, from the old and the new image of its item.
pub(crate) enum BrowserChange {
    /// A test notification is requested.
    Test(PushTest),
    /// The member of staff turned on notifications in this browser. Contains the browser's name.
    Added { name: String, at: Timestamp },
}

/// Compares the old and the new image of a push subscription's item. Returns `None` for a change that nobody is
/// notified of.
pub(crate) fn news(
    old: Option<serde_dynamo::Item>,
    new: Option<serde_dynamo::Item>,
) -> Result<Option<BrowserChange>, serde_dynamo::Error> {
    #[derive(Deserialize)]
    struct Image {
        browser: String,
        #[serde(default)]
        test: Option<PushTest>,
        #[serde(default)]
        added: Option<Timestamp>,
    }
    let read = |item: Option<serde_dynamo::Item>| item.map(serde_dynamo::from_item::<_, Image>).transpose();
    let (old, Some(new)) = (read(old)?, read(new)?) else { return Ok(None) };
    let (test, added) = old.map_or((None, None), |old| (old.test, old.added));
    let is_added = new.added.filter(|at| added != Some(*at));
    Ok(match (is_added, new.test.filter(|asked| test.as_ref() != Some(asked))) {
        (Some(at), _) => Some(BrowserChange::Added { name: new.browser, at }),
        (None, test) => test.map(BrowserChange::Test),
    })
}
