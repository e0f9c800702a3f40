//! Appointments. One transaction writes an appointment and the customer items of the numbers that it contains.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::{
    Appointment, AppointmentId, AppointmentStatus, CompanyId, ConversationId, MobileNumber, Page, Position, Staff,
    StaffAction, StaffId, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::earlier_versions::EarlierVersions;
use crate::error::{invalid_item, unavailable};
use crate::position_range::cut;
use crate::transaction::TransactionOutcome;
use crate::{Store, StoreError, earlier_versions, keys};

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: keys::Key,
    #[serde(flatten)]
    recent: keys::RecentKey,
    expires_at: u64,
    /// The version of the appointment, as a top-level attribute for conditions.
    version: u32,
    /// Contains only the current version. `earlier_versions` stores the others.
    appointment: Appointment,
}

/// The maximum number of reads of an appointment whose earlier versions do not match its current version.
const READ_ATTEMPTS: u32 = 4;

/// The result of saving an appointment.
#[derive(Clone, Debug)]
pub enum SaveOutcome {
    Done,
    /// Nothing was written, because another writer saved the appointment first. Contains the current appointment, or
    /// `None` if it no longer exists.
    Overtaken(Option<Box<Appointment>>),
}

/// The result of an answer from outside the portal. Contains the appointment after it.
#[derive(Clone, Debug)]
pub enum AnswerOutcome {
    New(Appointment),
    /// The appointment had this status already. Nothing has changed.
    AlreadyThere(Appointment),
    /// The appointment is cancelled, and an answer does not change that. Nothing has changed.
    Cancelled(Appointment),
    NoAppointment,
}

impl Store {
    /// Returns an appointment with its earlier versions. Makes one DynamoDB request, and repeats it when a concurrent
    /// save has made the two items differ.
    pub async fn appointment(
        &self,
        company: &CompanyId,
        id: &AppointmentId,
        now: Timestamp,
    ) -> Result<Option<Appointment>, StoreError> {
        let keys = [keys::appointment(company, id), keys::earlier_versions(company, id)];
        let mut attempt = 0;
        loop {
            let (mut appointment, mut earlier) = (None, None);
            for item in self.batch(keys.to_vec(), true).await? {
                if keys::company_of_appointment(&item).is_some() {
                    appointment = Some(read(item, "BatchGetItem")?);
                } else {
                    earlier = Some(EarlierVersions::read(item, "BatchGetItem")?);
                }
            }
            let Some(appointment) = appointment.filter(|appointment| self.is_kept(appointment, now)) else {
                return Ok(None);
            };
            // A batch read is not a snapshot, so the two items can differ. After a restoration they can differ
            // permanently. Such an appointment is returned with the versions that fit.
            attempt += 1;
            if attempt == READ_ATTEMPTS || earlier_versions::versions_match(&appointment, earlier.as_ref()) {
                return Ok(Some(earlier_versions::joined(appointment, earlier)));
            }
            self.back_off(attempt).await;
        }
    }

    /// Returns a page of the appointments that start from a position and before a time, in order of their start. The
    /// appointments lack their earlier versions. `next` is the position of the last appointment if there are more.
    /// Makes one DynamoDB request for every megabyte.
    pub async fn appointments(
        &self,
        company: &CompanyId,
        from: Position,
        until: Timestamp,
        limit: usize,
        now: Timestamp,
    ) -> Result<Page<Appointment>, StoreError> {
        let until = Position::start_of(until).predecessor();
        let mut appointments = Vec::new();
        let mut next = None;
        // DynamoDB rejects a range whose end is before its start.
        while from <= until && appointments.len() <= limit {
            let wanted = limit + 1 - appointments.len();
            let found = self
                .query_between(keys::appointments(company), from.to_string(), until.to_string())
                .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(unavailable("Query"))?;
            appointments.extend(self.versions_kept(found.items, now)?);
            next = found.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        Ok(cut(appointments, limit, false, Appointment::place))
    }

    /// Returns the appointments of a practitioner that start in a period, latest first. Searches only the latest `most`
    /// appointments of the company in that period. Makes one DynamoDB request for every megabyte searched.
    pub async fn appointments_with(
        &self,
        company: &CompanyId,
        practitioner: &StaffId,
        from: Timestamp,
        until: Timestamp,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<Appointment>, StoreError> {
        let (from, until) = (Position::start_of(from), Position::start_of(until).predecessor());
        let (mut appointments, mut looked_at, mut next) = (Vec::new(), 0, None);
        while looked_at < most {
            let found = self
                .query_between(keys::appointments(company), from.to_string(), until.to_string())
                .expression_attribute_names("#now", "now")
                .filter_expression("appointment.#now.details.provider.staff = :practitioner")
                .expression_attribute_values(":practitioner", AttributeValue::S(practitioner.to_string()))
                .scan_index_forward(false)
                .limit(i32::try_from(most - looked_at).unwrap_or(i32::MAX))
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(unavailable("Query"))?;
            looked_at += usize::try_from(found.scanned_count).unwrap_or(most);
            appointments.extend(self.versions_kept(found.items, now)?);
            next = found.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        Ok(appointments)
    }

    /// Parses index items and returns the appointments that are within the retention.
    fn versions_kept(
        &self,
        items: Option<Vec<HashMap<String, AttributeValue>>>,
        now: Timestamp,
    ) -> Result<Vec<Appointment>, StoreError> {
        let listed = items.unwrap_or_default().into_iter().map(|item| read(item, "Query"));
        let mut appointments = listed.collect::<Result<Vec<_>, StoreError>>()?;
        appointments.retain(|appointment| self.is_kept(appointment, now));
        Ok(appointments)
    }

    /// Writes an appointment and updates the customers of its number and of its previous number.
    ///
    /// `before` is the version that was read, or `None` for a new appointment. `by` is the signed-in member of staff who
    /// saves it, if any. Adds a staff action to each conversation. Makes two DynamoDB requests, or one if neither
    /// version has a number. Makes one more if another writer saved the appointment first.
    pub async fn save_appointment(
        &self,
        company: &CompanyId,
        before: Option<&Appointment>,
        appointment: &Appointment,
        by: Option<&Staff>,
        now: Timestamp,
    ) -> Result<SaveOutcome, StoreError> {
        let was = before.and_then(|before| before.details().mobile.as_ref());
        let is = appointment.details().mobile.as_ref();
        let mut mobiles: Vec<&MobileNumber> = is.into_iter().collect();
        mobiles.extend(was.filter(|was| Some(*was) != is));
        let put = self.put_appointment(company, before, appointment, now)?;
        let deeds = mobiles.iter().map(|mobile| {
            let deed = StaffAction::appointment_saved(before, appointment, mobile.conversation);
            self.put_deed(company, mobile.conversation, &deed)
        });
        let deeds = deeds.collect::<Result<Vec<_>, _>>()?;
        let earlier = before.map(|_| self.put_earlier_versions(company, appointment, false)).transpose()?;
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let mut writes = vec![put.clone()];
            writes.extend(deeds.iter().chain(&earlier).cloned());
            for (mobile, mut person) in mobiles.iter().zip(self.customer_records(company, &mobiles, now).await?) {
                let customer = &mut person.customer;
                if Some(*mobile) == is {
                    if let Some(before) = before.filter(|_| was == is) {
                        let [from, to] = [before, appointment].map(|saved| saved.details().name.as_str());
                        customer.rename(from, to, now);
                    }
                    customer.add_appointment(appointment, now);
                } else {
                    customer.remove_appointment(&appointment.id);
                }
                writes.push(self.put_person(company, mobile.conversation, &person, now)?);
            }
            let TransactionOutcome::Refused(refused) = self.transact_for(by, writes, now).await? else {
                return Ok(SaveOutcome::Done);
            };
            if refused.first().is_some_and(Option::is_some) {
                let there = self.appointment(company, &appointment.id, now).await?;
                return Ok(SaveOutcome::Overtaken(there.map(Box::new)));
            }
            // A customer item was changed by another writer, so the customers are read again.
        }
        Err(contended())
    }

    /// Sets the status that the customer or another system reported for an appointment. Setting the same status again
    /// changes nothing. Makes three DynamoDB requests, or one if nothing changes.
    pub async fn answer_appointment(
        &self,
        company: &CompanyId,
        id: &AppointmentId,
        status: AppointmentStatus,
        by: &str,
        now: Timestamp,
    ) -> Result<AnswerOutcome, StoreError> {
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let Some(appointment) = self.appointment(company, id, now).await? else {
                return Ok(AnswerOutcome::NoAppointment);
            };
            let stands = appointment.details().status;
            if stands == status {
                return Ok(AnswerOutcome::AlreadyThere(appointment));
            }
            if stands == AppointmentStatus::Cancelled {
                return Ok(AnswerOutcome::Cancelled(appointment));
            }
            let mut details = appointment.details().clone();
            details.status = status;
            let answered = appointment.changed(details, by, now);
            if let SaveOutcome::Done = self.save_appointment(company, Some(&appointment), &answered, None, now).await? {
                return Ok(AnswerOutcome::New(answered));
            }
        }
        Err(contended())
    }

    pub(crate) fn put_appointment(
        &self,
        company: &CompanyId,
        before: Option<&Appointment>,
        appointment: &Appointment,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let item = Item {
            key: keys::appointment(company, &appointment.id),
            recent: keys::in_appointments(company, appointment.place()),
            expires_at: self.retention.expires(appointment.details().ends()).as_secs(),
            version: appointment.now.number,
            appointment: appointment.clone(),
        };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(invalid_item("TransactWriteItems"))?));
        let put = match before {
            // An appointment past its retention counts as deleted even if its item still exists.
            None => put
                .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
                .expression_attribute_values(":now", AttributeValue::N(now.as_secs().to_string())),
            Some(before) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(before.now.number.to_string())),
        };
        Ok(TransactWriteItem::builder().put(put.build().map_err(invalid_item("TransactWriteItems"))?).build())
    }

    /// Returns whether an appointment is within the retention, which begins when the appointment ends. After the
    /// retention, the appointment counts as deleted even if its item still exists.
    fn is_kept(&self, appointment: &Appointment, now: Timestamp) -> bool {
        appointment.details().ends() >= self.retention.oldest_position(now).at
    }
}

/// Parses an appointment item.
pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Appointment, StoreError> {
    let item: Item = serde_dynamo::from_item(item).map_err(invalid_item(operation))?;
    Ok(item.appointment)
}

/// Returns an appointment item unchanged, or `None` if the appointment is for one of these customers.
pub(crate) fn without_appointment(
    item: HashMap<String, AttributeValue>,
    theirs: impl Fn(ConversationId) -> bool,
    operation: &'static str,
) -> Result<Option<HashMap<String, AttributeValue>>, StoreError> {
    let mobile = read(item.clone(), operation)?.now.details.mobile;
    Ok(if mobile.is_some_and(|mobile| theirs(mobile.conversation)) { None } else { Some(item) })
}
