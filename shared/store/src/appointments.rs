//! Appointments, each written together with the customers whose numbers it names.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use domain::{
    Appointment, AppointmentId, AppointmentStatus, CompanyId, ConversationId, Deed, Mobile, Page, Position, Staff,
    StaffId, Timestamp, Version,
};
use serde::{Deserialize, Serialize};

use crate::contention::{WRITE_ATTEMPTS, contended};
use crate::error::{misshapen, unavailable};
use crate::page::cut;
use crate::transaction::Transacted;
use crate::{Store, StoreError, keys};

#[derive(Serialize, Deserialize)]
struct Item {
    #[serde(flatten)]
    key: keys::Key,
    #[serde(flatten)]
    recent: keys::RecentKey,
    expires_at: u64,
    /// Of the appointment, where a condition can ask for it.
    version: u32,
    appointment: Appointment,
}

/// As a list has it.
#[derive(Deserialize)]
struct Listed {
    appointment: ListedAppointment,
}

#[derive(Deserialize)]
struct ListedAppointment {
    id: AppointmentId,
    now: Version,
}

/// What became of a save.
#[derive(Clone, Debug)]
pub enum Saved {
    Done,
    /// Nothing was written: somebody else saved it meanwhile, and this is what they made of it.
    /// `None` if it is not there any more.
    Overtaken(Option<Box<Appointment>>),
}

/// What became of an answer from outside the portal. The appointment is as it is afterwards.
#[derive(Clone, Debug)]
pub enum Answered {
    New(Appointment),
    /// It had that status already: nothing has changed.
    AlreadyThere(Appointment),
    /// It does not take place, so nobody's answer brings it back: nothing has changed.
    Cancelled(Appointment),
    NoAppointment,
}

impl Store {
    /// One request.
    pub async fn appointment(
        &self,
        company: &CompanyId,
        id: &AppointmentId,
        now: Timestamp,
    ) -> Result<Option<Appointment>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(keys::appointment(company, id).attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(unavailable("GetItem"))?;
        let appointment = found.item.map(|item| read(item, "GetItem")).transpose()?;
        Ok(appointment.filter(|appointment| self.is_kept(appointment, now)))
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
                .list(company, from, until)
                .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(unavailable("Query"))?;
            appointments.extend(self.kept(found.items, now)?);
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
                .list(company, from, until)
                .filter_expression("appointment.#now.details.provider.staff = :practitioner")
                .expression_attribute_values(":practitioner", AttributeValue::S(practitioner.to_string()))
                .scan_index_forward(false)
                .limit(i32::try_from(most - looked_at).unwrap_or(i32::MAX))
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(unavailable("Query"))?;
            looked_at += usize::try_from(found.scanned_count).unwrap_or(most);
            appointments.extend(self.kept(found.items, now)?);
            next = found.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        Ok(appointments)
    }

    /// Asks for what a list shows of appointments: their earlier versions are most of each.
    fn list(&self, company: &CompanyId, from: Position, until: Position) -> QueryFluentBuilder {
        self.between(keys::appointments(company), from.to_string(), until.to_string())
            .projection_expression("appointment.id, appointment.#now")
            .expression_attribute_names("#now", "now")
    }

    /// Those of a list that are within the retention.
    fn kept(
        &self,
        items: Option<Vec<HashMap<String, AttributeValue>>>,
        now: Timestamp,
    ) -> Result<Vec<Appointment>, StoreError> {
        let listed = items.unwrap_or_default().into_iter().map(|item| {
            let Listed { appointment: ListedAppointment { id, now } } =
                serde_dynamo::from_item(item).map_err(misshapen("Query"))?;
            Ok(Appointment { id, now, past: Vec::new(), made_of: None })
        });
        let mut appointments = listed.collect::<Result<Vec<_>, StoreError>>()?;
        appointments.retain(|appointment| self.is_kept(appointment, now));
        Ok(appointments)
    }

    /// Writes an appointment in place of the one that was read, or a new one where there was none,
    /// and tells the customers of its number, and of the number that it had before, with who did so. `by` is
    /// who asked for it in a session. Two requests, one without a number.
    pub async fn save_appointment(
        &self,
        company: &CompanyId,
        before: Option<&Appointment>,
        appointment: &Appointment,
        by: Option<&Staff>,
        now: Timestamp,
    ) -> Result<Saved, StoreError> {
        let was = before.and_then(|before| before.details().mobile.as_ref());
        let is = appointment.details().mobile.as_ref();
        let mut mobiles: Vec<&Mobile> = is.into_iter().collect();
        mobiles.extend(was.filter(|was| Some(*was) != is));
        let put = self.put_appointment(company, before, appointment, now)?;
        let deeds = mobiles.iter().map(|mobile| {
            let deed = Deed::saved(before, appointment, mobile.conversation);
            self.put_deed(company, mobile.conversation, &deed)
        });
        let deeds = deeds.collect::<Result<Vec<_>, _>>()?;
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let mut writes = vec![put.clone()];
            writes.extend(deeds.iter().cloned());
            for (mobile, mut person) in mobiles.iter().zip(self.persons(company, &mobiles, now).await?) {
                let customer = &mut person.customer;
                if Some(*mobile) == is {
                    if let Some(before) = before.filter(|_| was == is) {
                        let [from, to] = [before, appointment].map(|saved| saved.details().name.as_str());
                        customer.rename(from, to, now);
                    }
                    customer.book(appointment, now);
                } else {
                    customer.unbook(&appointment.id);
                }
                writes.push(self.put_person(company, mobile.conversation, &person, now)?);
            }
            let Transacted::Refused(refused) = self.transact_for(by, writes, now).await? else {
                return Ok(Saved::Done);
            };
            if let Some(there) = refused.into_iter().next().flatten() {
                let there = (!there.is_empty()).then(|| read(there, "TransactWriteItems")).transpose()?;
                return Ok(Saved::Overtaken(there.map(Box::new)));
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
    ) -> Result<Answered, StoreError> {
        for attempt in 0..WRITE_ATTEMPTS {
            self.back_off(attempt).await;
            let Some(appointment) = self.appointment(company, id, now).await? else {
                return Ok(Answered::NoAppointment);
            };
            let stands = appointment.details().status;
            if stands == status {
                return Ok(Answered::AlreadyThere(appointment));
            }
            if stands == AppointmentStatus::Cancelled {
                return Ok(Answered::Cancelled(appointment));
            }
            let mut details = appointment.details().clone();
            details.status = status;
            let answered = appointment.changed(details, by, now);
            if let Saved::Done = self.save_appointment(company, Some(&appointment), &answered, None, now).await? {
                return Ok(Answered::New(answered));
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
            .set_item(Some(serde_dynamo::to_item(item).map_err(misshapen("TransactWriteItems"))?))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
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
        Ok(TransactWriteItem::builder().put(put.build().map_err(misshapen("TransactWriteItems"))?).build())
    }

    /// Whether an appointment is within the retention after its end: beyond it there is none, deleted
    /// yet or not.
    fn is_kept(&self, appointment: &Appointment, now: Timestamp) -> bool {
        appointment.details().ends() >= self.retention.floor(now).at
    }
}

pub(crate) fn read(item: HashMap<String, AttributeValue>, operation: &'static str) -> Result<Appointment, StoreError> {
    let item: Item = serde_dynamo::from_item(item).map_err(misshapen(operation))?;
    Ok(item.appointment)
}

/// An appointment's item without the versions of some customers; `None` if it is one of theirs now.
pub(crate) fn without(
    item: HashMap<String, AttributeValue>,
    theirs: impl Fn(ConversationId) -> bool,
    operation: &'static str,
) -> Result<Option<HashMap<String, AttributeValue>>, StoreError> {
    let mut item: Item = serde_dynamo::from_item(item).map_err(misshapen(operation))?;
    let is_theirs = |version: &Version| version.details.mobile.as_ref().is_some_and(|it| theirs(it.conversation));
    if is_theirs(&item.appointment.now) {
        return Ok(None);
    }
    item.appointment.past.retain(|version| !is_theirs(version));
    serde_dynamo::to_item(item).map(Some).map_err(misshapen(operation))
}
