//! Checks that the codes in `AllowedCountries`, the countries texted besides each company's own, are countries.

use domain::Region;

use crate::doctor::Finding;
use crate::stack::Stack;

const CHECK: &str = "countries";

pub(crate) fn check(stack: &Stack) -> Finding {
    verdict(stack.parameter("AllowedCountries").unwrap_or_default())
}

fn verdict(allowed: &str) -> Finding {
    let (countries, unknown) = Region::read_list(allowed);
    let countries: Vec<_> = countries.iter().map(ToString::to_string).collect();
    let texted = match countries.join(", ") {
        none if none.is_empty() => "each company texts its own country only".to_owned(),
        countries => format!("each company texts its own country, and {countries}"),
    };
    if unknown.is_empty() {
        return Finding::ok(CHECK, texted);
    }
    Finding::wrong(
        CHECK,
        format!("unknown country codes in AllowedCountries: {}; {texted}", unknown.join(", ")),
        "correct AllowedCountries (ISO 3166 codes such as CA,GB; GB, not UK), and deploy again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::CheckStatus;

    #[test]
    fn an_unknown_country_code_is_reported_with_the_countries_that_are_texted() {
        for (allowed, verdict_is, says) in [
            ("", CheckStatus::Ok, "each company texts its own country only"),
            ("CA,GB", CheckStatus::Ok, "each company texts its own country, and CA, GB"),
            (
                "CA,ZZ",
                CheckStatus::Wrong,
                "unknown country codes in AllowedCountries: ZZ; each company texts its own country, and CA",
            ),
            (
                "UK",
                CheckStatus::Wrong,
                "unknown country codes in AllowedCountries: UK; each company texts its own country only",
            ),
        ] {
            let finding = verdict(allowed);
            assert_eq!((finding.verdict, finding.says.as_str()), (verdict_is, says), "{allowed}");
        }
    }
}
