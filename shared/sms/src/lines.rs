//! Checks whether the lines are configured at the SMS service as Switchboard needs them.

use aws_sdk_pinpointsmsvoicev2::Client;
use aws_sdk_pinpointsmsvoicev2::error::SdkError;
use aws_sdk_pinpointsmsvoicev2::operation::describe_phone_numbers::DescribePhoneNumbersError;
use aws_sdk_pinpointsmsvoicev2::types::{NumberCapability, NumberStatus, PhoneNumberInformation};
use aws_types::SdkConfig;
use domain::{Line, LineCapability, OptOutManagement, Pool};

/// A fault in the configuration of a line.
#[derive(Clone, Copy, Debug)]
pub struct LineFault<'a> {
    pub line: &'a Line,
    /// The kind of fault, for a log. The text contains no phone number.
    pub reason: &'static str,
}

/// A fault that prevents inbound messages, or sending from the configured pool.
#[derive(Clone, Copy, Debug)]
pub enum TwoWayFault<'a> {
    /// The account does not have the number in this region.
    Unknown,
    NotActive(&'a PhoneNumberInformation),
    CannotText,
    /// The line is configured to send from a pool that it is not in.
    NotInPool(&'a Pool),
    TwoWayOff(&'a PhoneNumberInformation),
    /// Inbound messages are published to another topic.
    LeadsElsewhere(&'a PhoneNumberInformation),
}

/// A fault of a line's opt-outs: in who answers them, or in a list that companies share.
#[derive(Clone, Copy, Debug)]
pub enum OptOutFault<'a> {
    /// Neither the service nor Switchboard answers opt-outs: each is configured to leave them to the other.
    Unanswered,
    /// Both the service and Switchboard answer opt-outs.
    AnsweredTwice,
    /// The opt-outs are in the same list as those of another company's line.
    Shared(&'a Line),
}

impl TwoWayFault<'_> {
    fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::NotActive(_) => "not-active",
            Self::CannotText => "cannot-text",
            Self::NotInPool(_) => "not-in-pool",
            Self::TwoWayOff(_) => "two-way-off",
            Self::LeadsElsewhere(_) => "leads-elsewhere",
        }
    }
}

impl OptOutFault<'_> {
    fn reason(self) -> &'static str {
        match self {
            Self::Unanswered => "opt-outs-unanswered",
            Self::AnsweredTwice => "opt-outs-answered-twice",
            Self::Shared(_) => "opt-outs-shared",
        }
    }
}

/// Returns the account's phone numbers. Makes one request for every page.
pub async fn account_numbers(
    aws: &SdkConfig,
) -> Result<Vec<PhoneNumberInformation>, Box<SdkError<DescribePhoneNumbersError>>> {
    let mut pages = Client::new(aws).describe_phone_numbers().into_paginator().items().send();
    let mut numbers = Vec::new();
    while let Some(number) = pages.next().await {
        numbers.push(number?);
    }
    Ok(numbers)
}

/// Returns all faults of lines.
///
/// `known` are the account's numbers. `topic` is the ARN of the topic that inbound messages must be published to.
/// `managed` says who answers opt-outs.
#[must_use]
pub fn line_faults<'a>(
    lines: &'a [Line],
    known: &'a [PhoneNumberInformation],
    topic: &str,
    managed: OptOutManagement,
) -> Vec<LineFault<'a>> {
    let two_way = lines.iter().filter_map(|line| Some((line, two_way_fault(line, known, topic)?.reason())));
    let opt_outs = opt_out_faults(lines, known, managed).into_iter().map(|(line, _, fault)| (line, fault.reason()));
    two_way.chain(opt_outs).map(|(line, reason)| LineFault { line, reason }).collect()
}

/// Returns the first fault of a line, other than an opt-out fault. Returns `None` for a line for calls only, which
/// belongs to Amazon Connect.
#[must_use]
pub fn two_way_fault<'a>(line: &'a Line, known: &'a [PhoneNumberInformation], topic: &str) -> Option<TwoWayFault<'a>> {
    if line.carries == LineCapability::CallsOnly {
        return None;
    }
    let Some(number) = number_of(line, known) else { return Some(TwoWayFault::Unknown) };
    if number.status != NumberStatus::Active {
        return Some(TwoWayFault::NotActive(number));
    }
    if !number.number_capabilities().contains(&NumberCapability::Sms) {
        return Some(TwoWayFault::CannotText);
    }
    let pool = number.pool_id().and_then(|pool| pool.rsplit('/').next());
    if let Some(wanted) = line.pool.as_ref().filter(|wanted| Some(wanted.id()) != pool) {
        return Some(TwoWayFault::NotInPool(wanted));
    }
    if !number.two_way_enabled {
        return Some(TwoWayFault::TwoWayOff(number));
    }
    (number.two_way_channel_arn() != Some(topic)).then_some(TwoWayFault::LeadsElsewhere(number))
}

/// Returns the opt-out faults of the lines whose numbers the account has.
#[must_use]
pub fn opt_out_faults<'a>(
    lines: &'a [Line],
    known: &'a [PhoneNumberInformation],
    managed: OptOutManagement,
) -> Vec<(&'a Line, &'a PhoneNumberInformation, OptOutFault<'a>)> {
    let lines: Vec<_> = texting_lines(lines, known).collect();
    let answered = lines.iter().filter_map(|(line, number)| {
        let fault = match (number.self_managed_opt_outs_enabled, managed) {
            (true, OptOutManagement::ByTheService) => OptOutFault::Unanswered,
            (false, OptOutManagement::ByUs) => OptOutFault::AnsweredTwice,
            (true, OptOutManagement::ByUs) | (false, OptOutManagement::ByTheService) => return None,
        };
        Some((*line, *number, fault))
    });
    let shared = lines.iter().enumerate().filter_map(|(place, (line, number))| {
        let before = &lines[..place];
        let (other, _) = before.iter().find(|(other, its)| other.company != line.company && share(number, its))?;
        Some((*line, *number, OptOutFault::Shared(other)))
    });
    answered.chain(shared).collect()
}

/// Returns the lines for texts that the account has, each with its number.
pub fn texting_lines<'a>(
    lines: &'a [Line],
    known: &'a [PhoneNumberInformation],
) -> impl Iterator<Item = (&'a Line, &'a PhoneNumberInformation)> {
    let texting = lines.iter().filter(|line| line.carries == LineCapability::Texts);
    texting.filter_map(|line| Some((line, number_of(line, known)?)))
}

fn number_of<'a>(line: &Line, known: &'a [PhoneNumberInformation]) -> Option<&'a PhoneNumberInformation> {
    known.iter().find(|number| number.phone_number() == line.number.as_str())
}

/// Returns whether the service keeps the opt-outs of two numbers in the same list.
fn share(one: &PhoneNumberInformation, other: &PhoneNumberInformation) -> bool {
    let kept = !one.self_managed_opt_outs_enabled && !other.self_managed_opt_outs_enabled;
    kept && one.opt_out_list_name == other.opt_out_list_name
}

#[cfg(test)]
mod tests {
    use aws_sdk_pinpointsmsvoicev2::primitives::DateTime;
    use aws_sdk_pinpointsmsvoicev2::types::builders::PhoneNumberInformationBuilder;
    use aws_sdk_pinpointsmsvoicev2::types::{MessageType, NumberType};
    use serde_json::json;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:inbound";
    const ONE: &str = "+12065550142";
    const OTHERS: &str = "+61491570006";

    fn number(number: &str) -> PhoneNumberInformationBuilder {
        PhoneNumberInformation::builder()
            .phone_number_arn("arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1")
            .phone_number(number)
            .status(NumberStatus::Active)
            .iso_country_code("US")
            .message_type(MessageType::Transactional)
            .number_capabilities(NumberCapability::Sms)
            .number_type(NumberType::TollFree)
            .monthly_leasing_price("2.00")
            .two_way_enabled(true)
            .two_way_channel_arn(TOPIC)
            .self_managed_opt_outs_enabled(false)
            .opt_out_list_name(number)
            .deletion_protection_enabled(false)
            .created_timestamp(DateTime::from_secs(0))
    }

    fn line(number: &str, company: &str) -> Line {
        serde_json::from_value(json!({"number": number, "company": company, "conversation_key": company})).unwrap()
    }

    fn faults_of(
        lines: &[Line],
        numbers: Vec<PhoneNumberInformationBuilder>,
        managed: OptOutManagement,
    ) -> Vec<String> {
        let known: Vec<_> = numbers.into_iter().map(|number| number.build().unwrap()).collect();
        line_faults(lines, &known, TOPIC, managed)
            .iter()
            .map(|it| format!("{} {}", it.line.company, it.reason))
            .collect()
    }

    #[test]
    fn each_faulty_setting_has_its_own_reason() {
        let mut one = line(ONE, "harbor-dental");
        let fault =
            |line: &Line, number| faults_of(std::slice::from_ref(line), vec![number], OptOutManagement::ByTheService);
        assert_eq!(fault(&one, number(ONE)), [""; 0]);
        for (wrong, word) in [
            (number(OTHERS), "unknown"),
            (number(ONE).status(NumberStatus::Pending), "not-active"),
            (number(ONE).set_number_capabilities(Some(vec![NumberCapability::Voice])), "cannot-text"),
            (number(ONE).two_way_enabled(false), "two-way-off"),
            (number(ONE).two_way_channel_arn("arn:aws:sns:eu-west-1:123456789012:other"), "leads-elsewhere"),
            (number(ONE).set_two_way_channel_arn(None), "leads-elsewhere"),
            (number(ONE).self_managed_opt_outs_enabled(true), "opt-outs-unanswered"),
        ] {
            assert_eq!(fault(&one, wrong), [format!("harbor-dental {word}")]);
        }
        one.pool = Some("pool-1".parse().unwrap());
        assert_eq!(fault(&one, number(ONE)), ["harbor-dental not-in-pool"]);
        assert_eq!(fault(&one, number(ONE).pool_id("pool-1")), [""; 0]);
        one.carries = LineCapability::CallsOnly;
        assert_eq!(fault(&one, number(OTHERS)), [""; 0], "Amazon Connect has it");
    }

    #[test]
    fn a_shared_opt_out_list_and_a_second_acknowledgement_are_faults() {
        let lines = [line(ONE, "harbor-dental"), line(OTHERS, "tidewater-physio")];
        let both = |list, by_us| {
            [ONE, OTHERS].map(|it| number(it).opt_out_list_name(list).self_managed_opt_outs_enabled(by_us))
        };
        let by_service = OptOutManagement::ByTheService;
        assert_eq!(faults_of(&lines, both("Default", false).into(), by_service), ["tidewater-physio opt-outs-shared"]);
        // If Switchboard manages opt-outs, the service has no list that lines could share.
        assert_eq!(faults_of(&lines, both("Default", true).into(), OptOutManagement::ByUs), [""; 0]);
        let twice = faults_of(&lines[..1], vec![number(ONE)], OptOutManagement::ByUs);
        assert_eq!(twice, ["harbor-dental opt-outs-answered-twice"]);
    }

    #[test]
    fn a_deployment_without_lines_has_no_faults() {
        assert_eq!(faults_of(&[], vec![number(ONE).two_way_enabled(false)], OptOutManagement::ByTheService), [""; 0]);
    }
}
