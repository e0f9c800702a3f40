use serde::{Deserialize, Serialize};

use crate::{Appointment, AppointmentId, AppointmentStatus, PhoneNumber, Region, SendingLimits, StaffId, Timestamp};

/// The customer with a mobile number: one person, or several who share it, with their appointments.
///
/// The record exists as long as the appointments do, with or without a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub number: PhoneNumber,
    /// The kind of the number, once a carrier lookup has returned it.
    pub kind: Option<NumberKind>,
    /// When the last carrier lookup was made.
    pub asked: Option<Timestamp>,
    /// When the carrier last rejected a text because of the number. `None` if it has accepted a text since.
    pub refused: Option<Timestamp>,
    pub bookings: Vec<CustomerAppointment>,
}

/// A copy of an appointment in its customer's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerAppointment {
    pub id: AppointmentId,
    pub name: String,
    pub start: Timestamp,
    pub ends: Timestamp,
    pub service: String,
    /// The practitioner, if the appointment has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<StaffId>,
    pub status: AppointmentStatus,
}

/// A customer's next or current appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextAppointment {
    pub id: AppointmentId,
    pub start: Timestamp,
    pub service: String,
    pub status: AppointmentStatus,
}

/// The kind of a number according to a carrier lookup (End User Messaging, `PhoneNumberType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NumberKind {
    Mobile,
    Landline,
    /// Neither mobile nor landline, such as an internet or service number. Such numbers may send and receive texts, as
    /// mobiles do.
    Other,
    /// The number is not assigned.
    Invalid,
}

/// Why an appointment's number cannot be texted. [`Self::sentence`] also says what staff can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextingObstacle {
    NoNumber,
    Landline,
    NotInUse,
    Refused,
    /// The deployment does not text to this country; `None` for a number that belongs to no country or to an unknown
    /// one.
    Country(Option<Region>),
    /// The sender is not a phone number.
    NotANumber,
}

impl Customer {
    /// The largest number of appointments that are kept: the soonest ones, then the most recent past ones.
    const BOOKINGS: usize = 100;
    /// The largest number of names that are listed. Further names are only counted.
    const NAMES: usize = 3;
    /// The seconds after which a carrier lookup without a result is repeated.
    const LOOKUP_INTERVAL_SECS: u64 = 60;

    #[must_use]
    pub fn new(number: PhoneNumber) -> Self {
        Self { number, kind: None, asked: None, refused: None, bookings: Vec::new() }
    }

    /// Returns the names of all customers who share the number, those with an upcoming appointment first. `None`
    /// without an appointment.
    #[must_use]
    pub fn name(&self, now: Timestamp) -> Option<String> {
        let mut names: Vec<&str> = Vec::new();
        for booking in self.sorted_appointments(now) {
            if !names.contains(&booking.name.as_str()) {
                names.push(&booking.name);
            }
        }
        let more = names.len().saturating_sub(Self::NAMES);
        names.truncate(Self::NAMES);
        let name = names.join(" / ");
        match more {
            0 if name.is_empty() => None,
            0 => Some(name),
            more => Some(format!("{name} and {more} more")),
        }
    }

    /// Returns the soonest appointment that has not ended and is not cancelled.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<NextAppointment> {
        let booking = self.sorted_appointments(now).into_iter().find(|booking| booking.is_upcoming(now))?;
        Some(NextAppointment {
            id: booking.id.clone(),
            start: booking.start,
            service: booking.service.clone(),
            status: booking.status,
        })
    }

    /// Returns whether the customer has an appointment with a practitioner that has not ended and is not cancelled.
    #[must_use]
    pub fn comes_to(&self, staff: &StaffId, now: Timestamp) -> bool {
        self.bookings.iter().any(|booking| booking.is_upcoming(now) && booking.provider.as_ref() == Some(staff))
    }

    /// Adds an appointment, or replaces it by its current version.
    pub fn add_appointment(&mut self, appointment: &Appointment, now: Timestamp) {
        self.remove_appointment(&appointment.id);
        let details = appointment.details();
        self.bookings.push(CustomerAppointment {
            id: appointment.id.clone(),
            name: details.name.as_str().to_owned(),
            start: details.start,
            ends: details.ends(),
            service: details.service.as_str().to_owned(),
            provider: details.provider.as_ref().map(|provider| provider.staff.clone()),
            status: details.status,
        });
        self.bookings = self.sorted_appointments(now).into_iter().take(Self::BOOKINGS).cloned().collect();
    }

    /// Removes an appointment.
    pub fn remove_appointment(&mut self, appointment: &AppointmentId) {
        self.bookings.retain(|booking| booking.id != *appointment);
    }

    /// Renames a customer in past appointments, which staff will not change any more.
    pub fn rename(&mut self, from: &str, to: &str, now: Timestamp) {
        for booking in self.bookings.iter_mut().filter(|booking| booking.ends <= now && booking.name == from) {
            to.clone_into(&mut booking.name);
        }
    }

    /// Removes the appointments that ended before a moment.
    pub fn remove_before(&mut self, floor: Timestamp) {
        self.bookings.retain(|booking| booking.ends >= floor);
    }

    /// Returns whether to look up the kind of the number at the carriers. Each lookup is charged for.
    #[must_use]
    pub fn is_to_be_looked_up(&self, now: Timestamp) -> bool {
        self.kind.is_none() && self.asked.is_none_or(|asked| asked.plus_secs(Self::LOOKUP_INTERVAL_SECS) <= now)
    }

    /// Checks whether a company in the region `home` can text the number, without a new carrier lookup.
    ///
    /// Fails with `Country` if the deployment does not text to the number's country. Fails with `Landline` or
    /// `NotInUse` according to the stored carrier lookup, unless the customer has texted: then staff can answer. Fails
    /// with `Refused` if the carrier rejected a text after `heard`, the customer's last inbound message. A call does
    /// not lift a rejection, since a number that takes calls may not take texts.
    pub fn can_be_texted(
        &self,
        home: Region,
        limits: &SendingLimits,
        heard: Option<Timestamp>,
    ) -> Result<(), TextingObstacle> {
        limits.reach(&self.number, home).map_err(TextingObstacle::Country)?;
        match self.kind {
            Some(NumberKind::Landline) if heard.is_none() => return Err(TextingObstacle::Landline),
            Some(NumberKind::Invalid) if heard.is_none() => return Err(TextingObstacle::NotInUse),
            _ => {}
        }
        match self.refused {
            Some(refused) if heard.is_none_or(|heard| heard <= refused) => Err(TextingObstacle::Refused),
            _ => Ok(()),
        }
    }

    /// Returns the appointments in order: upcoming ones from the soonest, then past ones from the latest.
    fn sorted_appointments(&self, now: Timestamp) -> Vec<&CustomerAppointment> {
        let (mut to_come, mut over): (Vec<_>, Vec<_>) = self.bookings.iter().partition(|booking| booking.ends > now);
        to_come.sort_by_key(|booking| (booking.start, booking.id.clone()));
        over.sort_by_key(|booking| (std::cmp::Reverse(booking.start), booking.id.clone()));
        to_come.extend(over);
        to_come
    }
}

impl CustomerAppointment {
    fn is_upcoming(&self, now: Timestamp) -> bool {
        self.ends > now && self.status != AppointmentStatus::Cancelled
    }
}

impl TextingObstacle {
    /// Returns the reason and the remedy as a sentence for the member of staff who wanted to text.
    #[must_use]
    pub fn sentence(self, number: &str) -> String {
        match self {
            Self::NoNumber => {
                "This appointment has no mobile number. Add one, and you can text the customer from here.".to_owned()
            }
            Self::Landline => {
                format!("{number} is a landline, which cannot receive an SMS. Ask the customer for a mobile number.")
            }
            Self::NotInUse => format!(
                "No carrier has the number {number}. Check it with the customer for a missing or a wrong digit."
            ),
            Self::Refused => format!(
                "The carrier does not deliver to {number}, so texts do not arrive. Check the number with the customer."
            ),
            Self::Country(Some(country)) => format!(
                "Your company does not text to the country of {number} ({country}). Your administrator can have it allowed."
            ),
            Self::NotANumber => {
                format!(
                    "{number} is not a phone number, so it cannot be answered. It may be a service or a short code."
                )
            }
            Self::Country(None) => {
                format!("It is not known which country {number} is of. Check it with the customer.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AppointmentDetails, AppointmentDuration, CustomerName, Notes, Practitioner, Service};

    fn minute(minute: u64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn appointment(id: &str, name: &str, start: u64, status: AppointmentStatus) -> Appointment {
        let details = AppointmentDetails {
            name: CustomerName::parse(name).unwrap(),
            mobile: None,
            start: minute(start),
            length: AppointmentDuration::of_minutes(30).unwrap(),
            service: Service::parse(id).unwrap(),
            notes: Notes::parse("").unwrap(),
            provider: None,
            status,
        };
        Appointment::new(id.parse().unwrap(), details, "Dana", minute(0))
    }

    fn customer(appointments: &[Appointment]) -> Customer {
        let mut customer = Customer::new(PhoneNumber::e164("+14255550182").unwrap());
        for appointment in appointments {
            customer.add_appointment(appointment, minute(0));
        }
        customer
    }

    use AppointmentStatus::{Booked, Cancelled, Declined};

    #[test]
    fn a_number_is_called_by_everybody_who_shares_it_once_each() {
        let shared = customer(&[
            appointment("b", "Sofia Lopez", 200, Booked),
            appointment("a", "Maria Lopez", 100, Booked),
            appointment("c", "Maria Lopez", 300, Booked),
        ]);
        assert_eq!(shared.name(minute(0)).as_deref(), Some("Maria Lopez / Sofia Lopez"));
        // Once the first appointment is over, the customer with the next one is named first.
        assert_eq!(shared.name(minute(150)).as_deref(), Some("Sofia Lopez / Maria Lopez"));
        assert_eq!(customer(&[]).name(minute(0)), None);
        let many: Vec<_> = (0..5).map(|n| appointment(&n.to_string(), &format!("N{n}"), 100 + n, Booked)).collect();
        assert_eq!(customer(&many).name(minute(0)).as_deref(), Some("N0 / N1 / N2 and 2 more"));
    }

    #[test]
    fn carriers_are_asked_until_they_have_said_what_a_number_is_and_once_a_minute_at_most() {
        let mut customer = customer(&[]);
        assert!(customer.is_to_be_looked_up(minute(10)));
        customer.asked = Some(minute(10));
        assert!(!customer.is_to_be_looked_up(minute(10)) && customer.is_to_be_looked_up(minute(11)));
        customer.kind = Some(NumberKind::Mobile);
        assert!(!customer.is_to_be_looked_up(minute(11)));
    }

    #[test]
    fn the_next_appointment_is_the_soonest_that_still_takes_place() {
        let customer = customer(&[
            appointment("over", "M", 10, Booked),
            appointment("cancelled", "M", 100, Cancelled),
            appointment("later", "M", 300, Booked),
            appointment("next", "M", 200, Declined),
        ]);
        let next = |now| customer.next(minute(now)).map(|next| next.id.to_string());
        assert_eq!(next(50).as_deref(), Some("next"));
        assert_eq!(next(229).as_deref(), Some("next"), "while it lasts");
        assert_eq!(next(230).as_deref(), Some("later"));
        assert_eq!(next(330), None);
    }

    #[test]
    fn a_customer_comes_to_whom_an_appointment_is_with_until_it_is_over_or_cancelled() {
        let [dana, marcus] = ["dana", "marcus"].map(|id| id.parse::<StaffId>().unwrap());
        let with_dana = |status| {
            let mut appointment = appointment("a", "Maria", 100, status);
            appointment.now.details.provider = Some(Practitioner { staff: dana.clone(), name: "Dana".to_owned() });
            customer(&[appointment])
        };
        assert!(with_dana(Booked).comes_to(&dana, minute(129)));
        assert!(!with_dana(Booked).comes_to(&marcus, minute(0)));
        assert!(!with_dana(Booked).comes_to(&dana, minute(130)));
        assert!(!with_dana(Cancelled).comes_to(&dana, minute(0)));
    }

    #[test]
    fn an_appointment_that_is_changed_is_there_once_and_one_that_moves_away_is_gone() {
        let mut customer = customer(&[appointment("a", "Maria", 100, Booked)]);
        customer.add_appointment(&appointment("a", "Mary", 100, Booked), minute(0));
        assert_eq!(customer.name(minute(0)).as_deref(), Some("Mary"));
        customer.remove_appointment(&"a".parse().unwrap());
        assert_eq!((customer.name(minute(0)), customer.next(minute(0))), (None, None));
    }

    #[test]
    fn a_change_of_name_reaches_what_is_over_and_not_who_shares_the_number() {
        let mut customer = customer(&[
            appointment("over", "Maria Lopez", 10, Booked),
            appointment("sofia", "Sofia Lopez", 20, Booked),
            appointment("next", "Maria Garcia", 100, Booked),
        ]);
        customer.rename("Maria Lopez", "Maria Garcia", minute(90));
        assert_eq!(customer.name(minute(90)).as_deref(), Some("Maria Garcia / Sofia Lopez"));
    }

    #[test]
    fn a_number_on_ever_so_many_appointments_keeps_those_that_matter() {
        let many: Vec<_> = (1..=150).map(|n| appointment(&format!("a{n}"), "M", n, Booked)).collect();
        let customer = customer(&many);
        assert_eq!(customer.bookings.len(), Customer::BOOKINGS);
        assert_eq!(customer.next(minute(0)).unwrap().id.as_str(), "a1");
    }

    #[test]
    fn a_refusal_counts_until_the_customer_writes() {
        let mut customer = customer(&[]);
        let texted =
            |customer: &Customer, heard| customer.can_be_texted(region("US"), &SendingLimits::default(), heard);
        assert_eq!(texted(&customer, None), Ok(()));
        customer.refused = Some(minute(10));
        assert_eq!(texted(&customer, Some(minute(10))), Err(TextingObstacle::Refused));
        assert_eq!(texted(&customer, Some(minute(11))), Ok(()));
    }

    #[test]
    fn what_can_never_take_a_text_gets_none_unless_it_has_texted() {
        let mut customer = customer(&[]);
        for (kind, never) in [
            (NumberKind::Landline, Err(TextingObstacle::Landline)),
            (NumberKind::Invalid, Err(TextingObstacle::NotInUse)),
            (NumberKind::Other, Ok(())),
            (NumberKind::Mobile, Ok(())),
        ] {
            customer.kind = Some(kind);
            let texted = |heard| customer.can_be_texted(region("US"), &SendingLimits::default(), heard);
            assert_eq!(texted(None), never, "{kind:?}");
            assert_eq!(texted(Some(minute(1))), Ok(()), "{kind:?}, after a text");
        }
    }

    #[test]
    fn nobody_is_texted_in_a_country_that_is_not_allowed() {
        let customer = customer(&[]);
        let abroad = |countries| {
            let limits = SendingLimits { countries, ..SendingLimits::default() };
            customer.can_be_texted(region("AU"), &limits, Some(minute(1)))
        };
        assert_eq!(abroad(Vec::new()), Err(TextingObstacle::Country(Some(region("US")))));
        assert_eq!(abroad(vec![region("US")]), Ok(()));
    }

    fn region(code: &str) -> Region {
        code.parse().unwrap()
    }
}
