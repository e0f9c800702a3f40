use crate::limits::with_thousands;
use crate::{LimitPeriod, LimitScope, LimitWindow, RateLimit, Staff, Timestamp};

/// A metered action: an action with a rate limit, other than sending a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeteredAction {
    /// A lookup of a number's kind at the carriers, which is billed.
    NumberLookup,
    /// Saving an appointment.
    AppointmentWrite,
    /// Sending a test notification to a browser of the same member of staff.
    PushTest,
    /// Exporting or erasing all data of a customer.
    CustomerData,
}

/// The rate limits of metered actions, for a member of staff, an API client and a company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageLimits {
    /// Lookups by a member of staff. Lookups by an API client count against the company's limit only, since an API
    /// client adds a day of new customers at once.
    pub staff_lookups: RateLimit,
    pub company_lookups: RateLimit,
    /// Appointments saved per minute.
    pub staff_writes: u32,
    pub program_writes: u32,
    pub company_writes: u32,
    pub push_tests: u32,
    /// Exports and erasures of customer data per day.
    pub staff_customer_data: u32,
    pub company_customer_data: u32,
}

/// The default limits: generous for staff and for an API client that keeps a company's day in sync, tight for a client
/// in a loop.
impl Default for UsageLimits {
    fn default() -> Self {
        Self {
            staff_lookups: RateLimit { minute: 20, day: 200 },
            company_lookups: RateLimit { minute: 60, day: 1_000 },
            staff_writes: 60,
            program_writes: 600,
            company_writes: 900,
            push_tests: 3,
            staff_customer_data: 20,
            company_customer_data: 50,
        }
    }
}

impl UsageLimits {
    /// Returns the windows in which one more use counts now. A member of staff's windows come before their company's.
    #[must_use]
    pub fn windows(&self, usage: MeteredAction, staff: &Staff, now: Timestamp) -> Vec<LimitWindow> {
        let minute = |counted, most| LimitWindow::containing(counted, LimitPeriod::Minute, most, &staff.time_zone, now);
        let day = |counted, most| LimitWindow::containing(counted, LimitPeriod::Day, most, &staff.time_zone, now);
        let both = |counted, allowed: RateLimit| {
            [(LimitPeriod::Minute, allowed.minute), (LimitPeriod::Day, allowed.day)]
                .map(|(period, most)| LimitWindow::containing(counted, period, most, &staff.time_zone, now))
        };
        match usage {
            MeteredAction::NumberLookup => {
                let own = (!staff.is_program).then(|| both(LimitScope::Staff, self.staff_lookups));
                own.into_iter().flatten().chain(both(LimitScope::Company, self.company_lookups)).collect()
            }
            MeteredAction::AppointmentWrite => {
                let own = if staff.is_program { self.program_writes } else { self.staff_writes };
                vec![minute(LimitScope::Staff, own), minute(LimitScope::Company, self.company_writes)]
            }
            MeteredAction::PushTest => vec![minute(LimitScope::Staff, self.push_tests)],
            MeteredAction::CustomerData => {
                vec![
                    day(LimitScope::Staff, self.staff_customer_data),
                    day(LimitScope::Company, self.company_customer_data),
                ]
            }
        }
    }
}

impl MeteredAction {
    /// Returns why the action was not done and what to do about it, as a sentence for the user.
    #[must_use]
    pub fn sentence(self, full: &LimitWindow, staff: &Staff) -> String {
        let who = match full.counted {
            LimitScope::Company | LimitScope::Number => format!("{} has", staff.company_name),
            LimitScope::Staff if staff.is_program => "this program has".to_owned(),
            LimitScope::Staff => "you have".to_owned(),
        };
        let when = match full.period {
            LimitPeriod::Minute => "this minute",
            LimitPeriod::Day => "today",
        };
        let most = with_thousands(full.most);
        match self {
            Self::NumberLookup => format!(
                "This number is not checked yet: {who} had {most} numbers checked {when}, the most that is allowed. It is \
                 saved, you can write to it, and it will be checked when this appointment is opened later."
            ),
            Self::AppointmentWrite => format!(
                "Not saved: {who} saved {most} appointments {when}, the most that is allowed. Wait a minute and save \
                 again: what you wrote is kept."
            ),
            Self::PushTest => format!(
                "No test was sent: {who} asked for {most} {when}, the most that is allowed. Wait a minute and try again."
            ),
            Self::CustomerData => format!(
                "Not done: {who} taken or erased what is held of customers {most} times {when}, the most that is allowed. \
                 Try again tomorrow."
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::tests::dana;

    fn staff(is_program: bool) -> Staff {
        Staff { is_program, ..dana() }
    }

    fn limits_of(usage: MeteredAction, staff: &Staff) -> Vec<(LimitScope, LimitPeriod, u32)> {
        let windows = UsageLimits::default().windows(usage, staff, Timestamp::from_millis(0));
        windows.iter().map(|window| (window.counted, window.period, window.most)).collect()
    }

    #[test]
    fn a_program_writes_more_and_has_numbers_looked_up_for_its_company_only() {
        let (dana, program) = (staff(false), staff(true));
        assert_eq!(
            limits_of(MeteredAction::AppointmentWrite, &dana),
            [(LimitScope::Staff, LimitPeriod::Minute, 60), (LimitScope::Company, LimitPeriod::Minute, 900)]
        );
        assert_eq!(
            limits_of(MeteredAction::AppointmentWrite, &program),
            [(LimitScope::Staff, LimitPeriod::Minute, 600), (LimitScope::Company, LimitPeriod::Minute, 900)]
        );
        let company = [(LimitScope::Company, LimitPeriod::Minute, 60), (LimitScope::Company, LimitPeriod::Day, 1_000)];
        assert_eq!(limits_of(MeteredAction::NumberLookup, &program), company);
        assert_eq!(limits_of(MeteredAction::NumberLookup, &dana)[2..], company);
        assert_eq!(limits_of(MeteredAction::PushTest, &dana), [(LimitScope::Staff, LimitPeriod::Minute, 3)]);
    }

    #[test]
    fn a_sentence_says_who_did_what_how_often_and_what_to_do() {
        let (dana, program) = (staff(false), staff(true));
        let now = Timestamp::from_millis(0);
        let said = |usage: MeteredAction, staff: &Staff, n: usize| {
            usage.sentence(&UsageLimits::default().windows(usage, staff, now)[n], staff)
        };
        assert!(
            said(MeteredAction::NumberLookup, &dana, 3).contains("Harbor Dental has had 1,000 numbers checked today")
        );
        assert_eq!(
            said(MeteredAction::AppointmentWrite, &dana, 0),
            "Not saved: you have saved 60 appointments this minute, the most that is allowed. Wait a minute and save again: what you wrote is kept."
        );
        assert!(said(MeteredAction::AppointmentWrite, &program, 0).contains("this program has saved 600 appointments"));
        assert!(said(MeteredAction::CustomerData, &dana, 1).contains("Harbor Dental has taken or erased"));
        assert!(
            said(MeteredAction::PushTest, &dana, 0).starts_with("No test was sent: you have asked for 3 this minute")
        );
    }
}
