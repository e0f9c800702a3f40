//! Appointments, each written together with the customers whose numbers it names.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::{
    Appointment, AppointmentId, AppointmentStatus, CompanyId, ConversationId, CustomerAction, MobileNumber, Page,
    Position, Staff, StaffId, Timestamp,
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
    /// Of the appointment, where a condition can ask for it.
    version: u32,
    /// As it is now: `earlier_versions` has the others.
    appointment: Appointment,
}

/// How often an appointment is read whose earlier versions are not those before the version that it has.
const READ_ATTEMPTS: u32 = 4;

/// What became of a save.
#[derive(Clone, Debug)]
pub enum SaveOutcome {
    Done,
    /// Nothing was written: somebody else saved it meanwhile, and this is what they made of it.
    /// `None` if it is not there any more.
    Overtaken(Option<Box<Appointment>>),
}

/// What became of an answer from outside the portal. The appointment is as it is afterwards.
#[derive(Clone, Debug)]
pub enum AnswerOutcome {
    New(Appointment),
    /// It had that status already: nothing has changed.
    AlreadyThere(Appointment),
    /// It does not take place, so nobody's answer brings it back: nothing has changed.
    Cancelled(Appointment),
    NoAppointment,
}

impl Store {
    /// An appointment with its earlier versions. One request; another one while somebody saves it.
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
            // A batch is no snapshot. What a restoration has left stays apart, and is shown as far as it goes.
            attempt += 1;
            if attempt == READ_ATTEMPTS || earlier_versions::versions_match(&appointment, earlier.as_ref()) {
                return Ok(Some(earlier_versions::joined(appointment, earlier)));
            }
            self.back_off(attempt).await;
        }
    }

    /// A page of the appointments that start from a place on and before a moment, in that order, each without its earlier
    /// versions. `next` is the place of the last one, where there are more. One request for every megabyte of them.
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
        // The table refuses a range that ends before it begins.
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

    /// The appointments of a practitioner that start from one moment on and before another, the latest first: among the
    /// latest `most` of the company's. One request for every megabyte of those.
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

    /// Those of a list that are within the retention.
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

    /// Writes an appointment in place of the one that was read, or a new one where there was none,
    /// and tells the customers of its number, and of the number that it had before, with who did so. `by` is
    /// who asked for it in a session. Two requests, one without a number; one more where somebody else was first.
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
            let deed = CustomerAction::appointment_saved(before, appointment, mobile.conversation);
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
            // A customer was written meanwhile: they are read again.
        }
        Err(contended())
    }

    /// Gives an appointment the status that its customer, or another system, said it has. The same
    /// answer again changes nothing. Three requests; one where nothing changes.
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
            // One that is beyond its retention, and not deleted yet, is not there any more.
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

    /// Whether an appointment is within the retention after its end: beyond it there is none, deleted
    /// yet or not.
    fn is_kept(&self, appointment: &Appointment, now: Timestamp) -> bool {
        appointment.details().ends() >= self.retention.oldest_position(now).at
    }
}

pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Appointment, StoreError> {
    let item: Item = serde_dynamo::from_item(item).map_err(invalid_item(operation))?;
    Ok(item.appointment)
}

/// An appointment's item; `None` if it is of some customers.
pub(crate) fn without_appointment(
    item: HashMap<String, AttributeValue>,
    theirs: impl Fn(ConversationId) -> bool,
    operation: &'static str,
) -> Result<Option<HashMap<String, AttributeValue>>, StoreError> {
    let mobile = read(item.clone(), operation)?.now.details.mobile;
    Ok(if mobile.is_some_and(|mobile| theirs(mobile.conversation)) { None } else { Some(item) })
}
