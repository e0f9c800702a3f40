use crate::limits::with_thousands;
use crate::{Allowance, Counted, Period, Staff, Timestamp, Window};

/// What is done only so often besides sending texts, since each time costs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// Asking the carriers what a number is, which is billed.
    NumberLookup,
    /// Saving an appointment.
    AppointmentWrite,
    /// Sending a notification to a browser of one's own, to see that it comes.
    PushTest,
    /// Taking or erasing everything held of a customer.
    CustomerData,
}

/// How often each may be done by a person, by a program and by all of a company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageLimits {
    /// Of a person. A program's are counted for its company only: it brings in a day of new customers at once.
    pub staff_lookups: Allowance,
    pub company_lookups: Allowance,
    /// In a minute.
    pub staff_writes: u32,
    pub program_writes: u32,
    pub company_writes: u32,
    pub push_tests: u32,
    /// In a day.
    pub staff_customer_data: u32,
    pub company_customer_data: u32,
}

/// Generous for people and for a program that keeps a company's day in step, tight for one that runs away.
impl Default for UsageLimits {
    fn default() -> Self {
        Self {
            staff_lookups: Allowance { minute: 20, day: 200 },
            company_lookups: Allowance { minute: 60, day: 1_000 },
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
    /// What one more is counted in now, a person's before their company's.
    #[must_use]
    pub fn windows(&self, usage: Usage, staff: &Staff, now: Timestamp) -> Vec<Window> {
        let minute = |counted, most| Window::of(counted, Period::Minute, most, &staff.time_zone, now);
        let day = |counted, most| Window::of(counted, Period::Day, most, &staff.time_zone, now);
        let both = |counted, allowed: Allowance| {
            [(Period::Minute, allowed.minute), (Period::Day, allowed.day)]
                .map(|(period, most)| Window::of(counted, period, most, &staff.time_zone, now))
        };
        match usage {
            Usage::NumberLookup => {
                let own = (!staff.is_program).then(|| both(Counted::Staff, self.staff_lookups));
                own.into_iter().flatten().chain(both(Counted::Company, self.company_lookups)).collect()
            }
            Usage::AppointmentWrite => {
                let own = if staff.is_program { self.program_writes } else { self.staff_writes };
                vec![minute(Counted::Staff, own), minute(Counted::Company, self.company_writes)]
            }
            Usage::PushTest => vec![minute(Counted::Staff, self.push_tests)],
            Usage::CustomerData => {
                vec![day(Counted::Staff, self.staff_customer_data), day(Counted::Company, self.company_customer_data)]
            }
        }
    }
}

impl Usage {
    /// Why it was not done, in words for whoever wanted it, and what to do about it.
    #[must_use]
    pub fn sentence(self, full: &Window, staff: &Staff) -> String {
        let who = match full.counted {
            Counted::Company | Counted::Number => format!("{} has", staff.company_name),
            Counted::Staff if staff.is_program => "this program has".to_owned(),
            Counted::Staff => "you have".to_owned(),
        };
        let when = match full.period {
            Period::Minute => "this minute",
            Period::Day => "today",
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

    fn counted(usage: Usage, staff: &Staff) -> Vec<(Counted, Period, u32)> {
        let windows = UsageLimits::default().windows(usage, staff, Timestamp::from_millis(0));
        windows.iter().map(|window| (window.counted, window.period, window.most)).collect()
    }

    #[test]
    fn a_program_writes_more_and_has_numbers_looked_up_for_its_company_only() {
        let (dana, program) = (staff(false), staff(true));
        assert_eq!(
            counted(Usage::AppointmentWrite, &dana),
            [(Counted::Staff, Period::Minute, 60), (Counted::Company, Period::Minute, 900)]
        );
        assert_eq!(
            counted(Usage::AppointmentWrite, &program),
            [(Counted::Staff, Period::Minute, 600), (Counted::Company, Period::Minute, 900)]
        );
        let company = [(Counted::Company, Period::Minute, 60), (Counted::Company, Period::Day, 1_000)];
        assert_eq!(counted(Usage::NumberLookup, &program), company);
        assert_eq!(counted(Usage::NumberLookup, &dana)[2..], company);
        assert_eq!(counted(Usage::PushTest, &dana), [(Counted::Staff, Period::Minute, 3)]);
    }

    #[test]
    fn a_sentence_says_who_did_what_how_often_and_what_to_do() {
        let (dana, program) = (staff(false), staff(true));
        let now = Timestamp::from_millis(0);
        let said = |usage: Usage, staff: &Staff, n: usize| {
            usage.sentence(&UsageLimits::default().windows(usage, staff, now)[n], staff)
        };
        assert!(said(Usage::NumberLookup, &dana, 3).contains("Harbor Dental has had 1,000 numbers checked today"));
        assert_eq!(
            said(Usage::AppointmentWrite, &dana, 0),
            "Not saved: you have saved 60 appointments this minute, the most that is allowed. Wait a minute and save again: what you wrote is kept."
        );
        assert!(said(Usage::AppointmentWrite, &program, 0).contains("this program has saved 600 appointments"));
        assert!(said(Usage::CustomerData, &dana, 1).contains("Harbor Dental has taken or erased"));
        assert!(said(Usage::PushTest, &dana, 0).starts_with("No test was sent: you have asked for 3 this minute"));
    }
}
