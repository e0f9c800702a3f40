//! Companies, staff, customers and what they said: enough to try everything with. Numbers are ones
//! that regulators keep free for fiction.

mod conversations;

use domain::{
    Company, CompanyId, ConversationKey, Login, MessageId, OutboundText, PhoneNumber, Progress, Refusal, Timestamp,
};
use runtime::Runtime;
use store::{Arrival, Contact, Draft, Member, Queued};

use crate::carrier::Way;
use crate::stack::Shared;
use conversations::{By, Conversation, Said, When};

struct Firm {
    id: &'static str,
    name: &'static str,
    region: &'static str,
    /// East of Greenwich, so that people write by day.
    hours_from_utc: i64,
    lines: &'static [&'static str],
    staff: &'static [(&'static str, &'static str)],
    conversations: &'static [Conversation],
}

const FIRMS: [Firm; 2] = [
    Firm {
        id: "harbor-dental",
        name: "Harbor Dental",
        region: "US",
        hours_from_utc: -8,
        lines: &["+12065550142", "+12065550167"],
        staff: &[("dana", "Dana Whitfield"), ("marcus", "Marcus Bell"), ("priya", "Priya Natarajan")],
        conversations: conversations::HARBOR_DENTAL,
    },
    Firm {
        id: "tidewater-physio",
        name: "Tidewater Physio",
        region: "AU",
        hours_from_utc: 11,
        lines: &["+61491570006"],
        staff: &[("josie", "Josie Nguyen"), ("tom", "Tom Hale")],
        conversations: conversations::TIDEWATER_PHYSIO,
    },
];

/// Fills an empty table: companies with lines and staff, and with `talk` what was said lately.
pub(crate) async fn fill(shared: &Shared, runtime: &Runtime, talk: bool) -> anyhow::Result<()> {
    for firm in FIRMS {
        let id: CompanyId = firm.id.parse()?;
        let lines = firm.lines.iter().map(|line| PhoneNumber::e164(line)).collect::<Result<Vec<_>, _>>()?;
        let Some(first_line) = lines.first() else { continue };
        let company = Company {
            id: id.clone(),
            name: firm.name.to_owned(),
            region: firm.region.parse()?,
            line: first_line.clone(),
            conversation_key: ConversationKey::new(runtime.randomness.token()),
        };
        shared.store.add_company(&company, runtime.clock.now()).await?;
        for number in lines.iter().skip(1) {
            shared.store.add_line(&id, number).await?;
        }
        for (staff, name) in firm.staff {
            let member = Member {
                staff: staff.parse()?,
                company: id.clone(),
                name: (*name).to_owned(),
                login: Login::email(&format!("{staff}@{id}.example"))?,
                sessions_since: None,
            };
            shared.store.add_staff(&member).await?;
        }
        if talk {
            for conversation in firm.conversations {
                Talk { shared, runtime, firm: &firm, company: &company }.have(conversation).await?;
            }
        }
    }
    Ok(())
}

struct Talk<'a> {
    shared: &'a Shared,
    runtime: &'a Runtime,
    firm: &'a Firm,
    company: &'a Company,
}

impl Talk<'_> {
    async fn have(&self, conversation: &Conversation) -> anyhow::Result<()> {
        let customer = PhoneNumber::e164(conversation.number)?;
        let line = PhoneNumber::e164(self.firm.lines.get(conversation.line).copied().unwrap_or_default())?;
        for said in conversation.said {
            let at = self.moment(said.when);
            match said.by {
                By::Customer => self.customer_writes(&customer, &line, said, at).await?,
                By::Staff(staff) => self.staff_write(&customer, &line, staff, said, at).await?,
            }
        }
        if let Some(name) = conversation.name {
            let id = self.company.conversation_key.conversation_with(&customer);
            self.shared.store.name_customer(&self.company.id, id, name).await?;
        }
        Ok(())
    }

    async fn customer_writes(
        &self,
        customer: &PhoneNumber,
        line: &PhoneNumber,
        said: &Said,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        let id = self.shared.carrier.keep(Way::FromCustomer, customer, line, said.text, at).await?;
        let arrival = Arrival {
            id: MessageId::of_inbound(&self.company.id, &id),
            at,
            from: customer.clone(),
            text: said.text.to_owned(),
        };
        self.shared.store.record_inbound(&self.company.a_line(line.clone()), &arrival, at).await?;
        Ok(())
    }

    async fn staff_write(
        &self,
        customer: &PhoneNumber,
        line: &PhoneNumber,
        staff: usize,
        said: &Said,
        at: Timestamp,
    ) -> anyhow::Result<()> {
        let (id, name) = self.firm.staff.get(staff).copied().unwrap_or_default();
        let text = OutboundText::parse(said.text)?;
        let draft = Draft {
            id: MessageId::of_request(&self.company.id, &id.parse()?, &self.runtime.randomness.token()),
            company: &self.company.id,
            by: name,
            conversation: self.company.conversation_key.conversation_with(customer),
            contact: &Contact { number: customer.clone(), line: line.clone() },
            reply: false,
            text: &text,
        };
        let Queued::New(message) = self.shared.store.queue(&draft, at).await? else { return Ok(()) };
        let progress = if said.refused {
            Progress::Failed { refusal: Refusal::OptedOut }
        } else {
            let provider_id = self.shared.carrier.keep(Way::ToCustomer, customer, line, said.text, at).await?;
            Progress::Sent { at: at.plus_secs(1), provider_id }
        };
        self.shared.store.settle(&self.company.id, &message, &progress).await?;
        Ok(())
    }

    /// A moment of the company's day, never later than now.
    fn moment(&self, when: When) -> Timestamp {
        const HOUR: i64 = 60 * 60;
        const DAY: i64 = 24 * HOUR;
        let now = self.runtime.clock.now();
        let now_secs = i64::try_from(now.as_secs()).unwrap_or_default();
        let offset = self.firm.hours_from_utc * HOUR;
        let secs = match when {
            When::MinutesAgo(minutes) => now_secs - minutes * 60,
            When::DaysAgo(days, hour, minute) => {
                let midnight = (now_secs + offset).div_euclid(DAY) * DAY - offset;
                midnight - days * DAY + hour * HOUR + minute * 60
            }
        };
        Timestamp::from_millis(u64::try_from(secs.min(now_secs)).unwrap_or_default() * 1000)
    }
}
