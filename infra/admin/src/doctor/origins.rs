//! Checks that `SmsOrigins` allows the stack to send from the pool or number of each line.

use aws_sdk_pinpointsmsvoicev2::types::PhoneNumberInformation;
use domain::Line;

use crate::doctor::Finding;

const CHECK: &str = "origins";

/// Returns a finding for each line that the stack may not send from, if its number is in `known`.
///
/// `allowed` is the value of `SmsOrigins`. If it is empty, the stack may send from every number of the account.
pub(super) fn check(lines: &[Line], known: &[PhoneNumberInformation], allowed: &str) -> Vec<Finding> {
    let allowed: Vec<_> = allowed.split(',').map(str::trim).filter(|arn| !arn.is_empty()).collect();
    if allowed.is_empty() {
        return Vec::new();
    }
    let refused = sms::texting_lines(lines, known).filter_map(|(line, number)| {
        let arn = origin(line, number);
        (!allowed.contains(&arn.as_str())).then(|| {
            Finding::wrong(
                CHECK,
                format!("{} cannot send: SmsOrigins does not include its number or pool", line.number),
                format!("add {arn} to the parameter SmsOrigins, and deploy"),
            )
        })
    });
    refused.collect()
}

/// Returns the ARN of the pool or number that the line sends from, as an IAM policy names it.
fn origin(line: &Line, number: &PhoneNumberInformation) -> String {
    let arn = &number.phone_number_arn;
    match (&line.pool, arn.rsplit_once(':')) {
        // A pool that another account shares is configured by its ARN.
        (Some(pool), _) if pool.as_str() != pool.id() => pool.as_str().to_owned(),
        (Some(pool), Some((account, _))) => format!("{account}:pool/{}", pool.id()),
        _ => arn.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::lines::tests;

    const NUMBER: &str = "arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1";
    const POOL: &str = "arn:aws:sms-voice:eu-west-1:123456789012:pool/pool-1";
    const SHARED: &str = "arn:aws:sms-voice:eu-west-1:210987654321:pool/pool-1";

    fn finding_for(pool: Option<&str>, allowed: &str) -> Option<String> {
        let number = tests::number().build().unwrap();
        let finding = check(&[tests::line(pool)], &[number], allowed).pop()?;
        assert!(finding.says.starts_with("+12065550142 cannot send"), "{finding:?}");
        finding.to_do
    }

    #[test]
    fn a_line_may_send_if_its_number_or_pool_is_allowed_or_all_are() {
        for (pool, named) in [(None, NUMBER), (Some("pool-1"), POOL), (Some(SHARED), SHARED)] {
            for allowed in ["", " ", named, &format!("arn:aws:sms-voice:eu-west-1:123456789012:pool/pool-9, {named}")] {
                assert_eq!(finding_for(pool, allowed), None, "{allowed}");
            }
        }
    }

    #[test]
    fn a_line_that_may_not_send_is_reported_with_the_missing_arn() {
        let elsewhere = NUMBER.replace("eu-west-1", "us-east-1");
        for (pool, allowed, missing) in [
            (None, elsewhere.as_str(), NUMBER),
            (None, POOL, NUMBER),
            (Some("pool-1"), NUMBER, POOL),
            (Some("pool-1"), SHARED, POOL),
            (Some(SHARED), POOL, SHARED),
        ] {
            let to_do = finding_for(pool, allowed).unwrap();
            assert!(to_do.contains(&format!("add {missing} to the parameter SmsOrigins")), "{to_do}");
        }
    }
}
