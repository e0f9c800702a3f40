//! Sample companies, staff, customers, conversations and appointments, enough to try every feature. The numbers are
//! reserved by regulators for fiction.

mod appointments;
mod conversations;

use appointments::DemoAppointment;
use domain::{
    Appointment, AppointmentDetails, AppointmentDuration, Company, CompanyId, ConversationKey, CustomerName,
    DeliveryProgress, LineCapability, Login, MessageId, Notes, OptOutManagement, OutboundText, PhoneNumber,
    Practitioner, SendingLimits, Service, Staff, Timestamp,
};
use runtime::Runtime;
use store::{DeliveryUpdate, Member, NewMessage, NumberPair, QueueOutcome, ReceivedMessage};

use crate::carrier::Direction;
use crate::stack::StackParts;
use conversations::{DemoAuthor, DemoConversation, DemoMessage, MessageTime};

struct DemoCompany {
    id: &'static str,
    name: &'static str,
    region: &'static str,
    time_zone: &'static str,
    lines: &'static [&'static str],
    /// The ids and names of the staff. The first member is an administrator.
    staff: &'static [(&'static str, &'static str)],
    conversations: &'static [DemoConversation],
    appointments: &'static [DemoAppointment],
}

const COMPANIES: [DemoCompany; 2] = [
    DemoCompany {
        id: "harbor-dental",
        name: "Harbor Dental",
        region: "US",
        time_zone: "America/Los_Angeles",
        lines: &["+12065550142", "+12065550167"],
        staff: &[("dana", "Dana Whitfield"), ("marcus", "Marcus Bell"), ("priya", "Priya Natarajan")],
        conversations: conversations::HARBOR_DENTAL,
        appointments: appointments::HARBOR_DENTAL,
    },
    DemoCompany {
        id: "tidewater-physio",
        name: "Tidewater Physio",
        region: "AU",
        time_zone: "Australia/Sydney",
        lines: &["+61491570006"],
        staff: &[("josie", "Josie Nguyen"), ("tom", "Tom Hale")],
        conversations: conversations::TIDEWATER_PHYSIO,
        appointments: appointments::TIDEWATER_PHYSIO,
    },
];

/// Fills an empty table with companies, lines and staff, and with `talk` also with conversations and appointments.
pub(crate) async fn fill(shared: &StackParts, runtime: &Runtime, talk: bool) -> anyhow::Result<()> {
    for firm in COMPANIES {
        let id: CompanyId = firm.id.parse()?;
        let lines = firm.lines.iter().map(|line| PhoneNumber::e164(line)).collect::<Result<Vec<_>, _>>()?;
        let Some(first_line) = lines.first() else { continue };
        let company = Company {
            id: id.clone(),
            name: firm.name.to_owned(),
            region: firm.region.parse()?,
            time_zone: firm.time_zone.parse()?,
            line: first_line.clone(),
            conversation_key: ConversationKey::new(runtime.randomness.token()),
            contact: None,
        };
        shared.store.add_company(&company, runtime.clock.now()).await?;
        for number in lines.iter().skip(1) {
            shared.store.add_line(&id, number, LineCapability::Texts, None).await?;
        }
        for (place, (staff, name)) in firm.staff.iter().enumerate() {
            let member = Member {
                staff: staff.parse()?,
                company: id.clone(),
                name: (*name).to_owned(),
                login: Login::email(&format!("{staff}@{id}.example"))?,
                is_administrator: place == 0,
                sessions_since: None,
            };
            shared.store.add_staff(&member).await?;
        }
        if talk {
            let talk = DemoContext { shared, runtime, firm: &firm, company: &company };
            for conversation in firm.conversations {
                talk.have(conversation).await?;
            }
            for coming in firm.appointments {
                talk.book_appointment(coming).await?;
            }
        }
    }
    Ok(())
}

struct DemoContext<'a> {
    shared: &'a StackParts,
    runtime: &'a Runtime,
    firm: &'a DemoCompany,
    company: &'a Company,
}

impl DemoContext<'_> {
    async fn have(&self, conversation: &DemoConversation) -> anyhow::Result<()> {
        let customer = PhoneNumber::e164(conversation.number)?;
        let line = PhoneNumber::e164(self.firm.lines.get(conversation.line).copied().unwrap_or_default())?;
        for said in conversation.messages {
            let at = self.moment(said.time);
            match said.author {
                DemoAuthor::Customer => self.customer_writes(&customer, &line, said, at).await?,
                DemoAuthor::Staff(staff) => self.staff_write(&customer, &line, staff, said, at).await?,
            }
        }
        Ok(())
    }

    async fn book_appointment(&self, coming: &DemoAppointment) -> anyhow::Result<()> {
        const QUARTER: u64 = 15 * 60;
        let now = self.runtime.clock.now();
        let zone = &self.company.time_zone;
        let start = match coming.time {
            appointments::AppointmentTime::Soon(minutes) => {
                let soon = now.plus_secs(minutes * 60).as_secs().next_multiple_of(QUARTER);
                Timestamp::from_millis(soon * 1000)
            }
            appointments::AppointmentTime::Day(days, time) => {
                let (mut day, _) = zone.local(now);
                for _ in 0..days.unsigned_abs() {
                    day = if days > 0 { day.next() } else { day.previous() };
                }
                zone.moment(day, time.parse()?)?
            }
        };
        let number = coming.number.map(PhoneNumber::e164).transpose()?;
        let details = AppointmentDetails {
            name: CustomerName::parse(coming.name)?,
            mobile: number.map(|number| self.company.mobile(number)),
            start,
            length: AppointmentDuration::of_minutes(coming.minutes)?,
            service: Service::parse(coming.service)?,
            notes: Notes::parse(coming.notes)?,
            provider: coming.staff.and_then(|place| self.firm.staff.get(place)).map(provider).transpose()?,
            status: coming.status,
        };
        let id = self.runtime.randomness.token().chars().take(20).collect::<String>().parse()?;
        let (_, by) = self.firm.staff.first().copied().unwrap_or_default();
        let appointment = Appointment::new(id, details, by, now);
        self.shared.store.save_appointment(&self.company.id, None, &appointment, None, now).await?;
        Ok(())
    }

    async fn customer_writes(
        &self,
        customer: &PhoneNumber,
        line: &PhoneNumber,
        said: &DemoMessage,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        let id =
            self.shared.carrier.record_message(Direction::FromCustomer, customer, line, said.text, at, None).await?;
        let arrival = ReceivedMessage {
            id: MessageId::of_inbound(&self.company.id, &id),
            at,
            from: customer.clone().into(),
            text: said.text.to_owned(),
            opt_outs: OptOutManagement::ByTheService,
        };
        self.shared.store.record_inbound(&self.company.a_line(line.clone()), &arrival, at).await?;
        Ok(())
    }

    async fn staff_write(
        &self,
        customer: &PhoneNumber,
        line: &PhoneNumber,
        staff: usize,
        said: &DemoMessage,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        let (id, name) = self.firm.staff.get(staff).copied().unwrap_or_default();
        let staff = Staff {
            id: id.parse()?,
            name: name.to_owned(),
            company: self.company.id.clone(),
            company_name: self.company.name.clone(),
            region: self.company.region,
            time_zone: self.company.time_zone.clone(),
            is_program: false,
            is_administrator: false,
            signed_in: None,
        };
        let text = OutboundText::parse(said.text)?;
        let draft = NewMessage {
            id: MessageId::of_request(&staff.company, &staff.id, &self.runtime.randomness.token()),
            staff: &staff,
            conversation: self.company.conversation_key.conversation_with(customer),
            contact: &NumberPair { number: customer.clone(), line: line.clone() },
            reply: false,
            text: &text,
            again: None,
            limits: &SendingLimits::default(),
        };
        let QueueOutcome::New(message) = self.shared.store.queue(&draft, at).await? else { return Ok(()) };
        let provider_id =
            self.shared.carrier.record_message(Direction::ToCustomer, customer, line, said.text, at, None).await?;
        let progress = DeliveryProgress::Delivered { at: at.plus_secs(2), provider_id };
        let outcome = DeliveryUpdate {
            company: &self.company.id,
            conversation: message.conversation,
            position: message.position,
            progress: &progress,
        };
        self.shared.store.record_delivery(outcome, at).await?;
        Ok(())
    }

    /// Returns the time of a message. A time in the future is replaced by the current time.
    fn moment(&self, when: MessageTime) -> Timestamp {
        let now = self.runtime.clock.now();
        let at = match when {
            MessageTime::MinutesAgo(minutes) => now.minus_secs(minutes * 60),
            MessageTime::DaysAgo(days, hour, minute) => {
                let (today, _) = self.company.time_zone.local(now);
                let day = (0..days).fold(today, |day, _| day.previous());
                self.company.time_zone.start_of(day).plus_secs((hour * 60 + minute) * 60)
            }
        };
        at.min(now)
    }
}

fn provider((staff, name): &(&str, &str)) -> anyhow::Result<Practitioner> {
    Ok(Practitioner { staff: staff.parse()?, name: (*name).to_owned() })
}
