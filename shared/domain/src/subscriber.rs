//! Rules that give each subscriber one number.
//!
//! A numbering plan changes, and carriers still deliver texts with the old form of the sender's number. Some carriers
//! leave out a digit that only calls from abroad need. Switchboard brings both to the form of the current plan.
//! Switchboard stores customers under that form, and sends texts to it. Numbers of other countries do not change,
//! including those of Italy with a leading zero.

/// Returns the number in the current form of its country's plan; `None` if it has that form already. Takes and returns
/// the digits of E.164 without `+`.
pub(crate) fn newer(digits: &str) -> Option<String> {
    RULES.iter().find_map(|(code, rule)| {
        let national = digits.strip_prefix(code)?;
        Some(format!("{code}{}", rule(national)?))
    })
}

type NumberRewrite = fn(&str) -> Option<String>;

const RULES: [(&str, NumberRewrite); 5] =
    [("52", mexico), ("54", argentina), ("55", brazil), ("225", ivory_coast), ("229", benin)];

/// Removes the former prefixes before the ten digits of a Mexican number: `1`, `01`, `044` and `045`.
///
/// These prefixes have not been dialled since 3 August 2019 (Instituto Federal de Telecomunicaciones, Plan Técnico
/// Fundamental de Numeración). `1` was for calls to a mobile number from abroad, the others for calls within the
/// country.
fn mexico(national: &str) -> Option<String> {
    let ten =
        ["1", "01", "044", "045"].iter().find_map(|before| national.strip_prefix(before).filter(|it| it.len() == 10));
    ten.map(str::to_owned)
}

/// Adds the 9 that Argentina's mobile numbers have in international format.
///
/// The 9 stands before the ten digits of area and subscriber (ENACOM, Plan Fundamental de Numeración Nacional). Mobile
/// and fixed numbers share those ten digits, and each combination is assigned once. So a text with ten digits is from
/// the mobile with those digits. Area codes begin with 1, 2 or 3. Services, such as 800, begin with other digits and
/// stay as they are.
fn argentina(national: &str) -> Option<String> {
    (national.len() == 10 && national.starts_with(['1', '2', '3'])).then(|| format!("9{national}"))
}

/// Adds the 9 after the two digits of the area in Brazil's mobile numbers.
///
/// All mobile numbers have had the 9 since 6 November 2016 (Anatel, Resolução 553/2010). Before, they began with 6 to
/// 9. Fixed numbers begin with 2 to 5.
fn brazil(national: &str) -> Option<String> {
    let (area, subscriber) = national.split_at_checked(2)?;
    (subscriber.len() == 8 && subscriber.starts_with(['6', '7', '8', '9'])).then(|| format!("{area}9{subscriber}"))
}

/// Adds the operator's two digits to an eight-digit mobile number of Côte d'Ivoire.
///
/// Numbers have had ten digits since 31 January 2021 (ARTCI). A mobile number begins with its operator's two digits.
/// The second of the eight digits identified the operator before. Numbers that began with 2 or 3 were fixed.
fn ivory_coast(national: &str) -> Option<String> {
    let mut digits = national.bytes();
    let (first, second) = (digits.next()?, digits.next()?);
    if national.len() != 8 || matches!(first, b'2' | b'3') {
        return None;
    }
    let operator = match second {
        b'0'..=b'3' => "01",
        b'4'..=b'6' => "05",
        _ => "07",
    };
    Some(format!("{operator}{national}"))
}

/// Adds `01` to an eight-digit number of Benin. All numbers have had ten digits since 30 November 2024 (ARCEP Bénin).
fn benin(national: &str) -> Option<String> {
    (national.len() == 8).then(|| format!("01{national}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_form_is_the_number_that_its_subscriber_has_now() {
        for (older, number) in [
            ("5215587654321", "525587654321"),
            ("520445587654321", "525587654321"),
            ("541123456789", "5491123456789"),
            ("543514567890", "5493514567890"),
            ("551187654321", "5511987654321"),
            ("558898765432", "5588998765432"),
            ("22507123456", "2250707123456"),
            ("22545123456", "2250545123456"),
            ("22541123456", "2250141123456"),
            ("22997123456", "2290197123456"),
        ] {
            assert_eq!(newer(older).as_deref(), Some(number), "{older}");
            assert_eq!(newer(number), None, "{number}");
        }
    }

    #[test]
    fn other_numbers_stay_as_they_are() {
        for number in [
            // Fixed lines and services of the same countries, and numbers that are too short or too long.
            "551133334444",
            "22520212223",
            "548001234567",
            "52155876543",
            "521558765432101",
            "54112345678",
            "229971234",
            "52",
            "55",
            "225",
            // Countries without such a rule: Italy and Vatican City with a leading zero, and a 1 of another country.
            "390236618300",
            "393471234567",
            "390669812345",
            "14255550182",
            "447911123456",
            "61491570156",
            "4915123456789",
        ] {
            assert_eq!(newer(number), None, "{number}");
        }
    }
}
