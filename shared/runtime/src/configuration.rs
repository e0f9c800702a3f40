use std::env;
use std::fmt;

use domain::{RateLimit, Region, Retention, Scheme, SendingLimits, UsageLimits};

/// The settings of a deployment.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub table: String,
    pub retention: Retention,
    /// The scheme of the portal's URL: HTTPS, except for a local stack.
    pub portal: Scheme,
    /// The minutes without use after which a session ends. `None` if sessions do not end early. Set only for `sign-in`.
    pub idle_minutes: Option<u16>,
    /// The name of the secret with the values that CloudFront sends. `None` for a deployment without CloudFront. Set
    /// for `authorize` and `sign-in`.
    pub origin_secret: Option<String>,
}

/// The error for an environment variable that is missing or invalid.
#[derive(Debug)]
pub struct InvalidConfiguration {
    variable: &'static str,
    must: &'static str,
}

impl fmt::Display for InvalidConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} must {}", self.variable, self.must)
    }
}

impl std::error::Error for InvalidConfiguration {}

impl Configuration {
    pub(crate) fn from_environment() -> Result<Self, InvalidConfiguration> {
        Self::read(|name| env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidConfiguration> {
        let table = variable("SWITCHBOARD_TABLE")
            .ok_or(InvalidConfiguration { variable: "SWITCHBOARD_TABLE", must: "name the table" })?;
        let retention = match variable("SWITCHBOARD_RETENTION_DAYS") {
            None => Retention::default(),
            Some(days) => days.parse().ok().and_then(Retention::days).ok_or(InvalidConfiguration {
                variable: "SWITCHBOARD_RETENTION_DAYS",
                must: "be a whole number of days from 1 to 65535",
            })?,
        };
        let idle_minutes = match variable("SWITCHBOARD_IDLE_MINUTES").as_deref() {
            None | Some("0") => None,
            // The last use of a session is stored with a precision of five minutes.
            Some(minutes) => {
                Some(minutes.parse().ok().filter(|minutes| *minutes >= 10).ok_or(InvalidConfiguration {
                    variable: "SWITCHBOARD_IDLE_MINUTES",
                    must: "be 0, or a whole number of minutes from 10 to 65535",
                })?)
            }
        };
        let origin_secret = variable("SWITCHBOARD_ORIGIN_SECRET");
        // An empty value would admit every request by mistake.
        if origin_secret.as_deref() == Some("") {
            return Err(InvalidConfiguration {
                variable: "SWITCHBOARD_ORIGIN_SECRET",
                must: "name a secret, or be left out",
            });
        }
        // CloudFront accepts only TLS.
        Ok(Self { table, retention, portal: Scheme::Https, idle_minutes, origin_secret })
    }
}

/// Returns the name of the secret with the configuration of `sign-in`.
pub fn sign_in_secret() -> Result<String, InvalidConfiguration> {
    env::var("SWITCHBOARD_SIGN_IN_SECRET")
        .map_err(|_| InvalidConfiguration { variable: "SWITCHBOARD_SIGN_IN_SECRET", must: "name a secret" })
}

/// Returns the name of the secret with the VAPID keys.
pub fn push_secret() -> Result<String, InvalidConfiguration> {
    env::var("SWITCHBOARD_PUSH_SECRET")
        .map_err(|_| InvalidConfiguration { variable: "SWITCHBOARD_PUSH_SECRET", must: "name a secret" })
}

/// Returns the allow-list of push services, or an empty string for the well-known push services.
#[must_use]
pub fn push_services() -> String {
    env::var("SWITCHBOARD_PUSH_SERVICES").unwrap_or_default()
}

/// The default number of days after a sign-in during which a browser receives pushes.
pub const PUSH_DAYS: u16 = 7;

/// Returns how many days after a sign-in a browser receives pushes: 1 to 60.
pub fn push_days() -> Result<u16, InvalidConfiguration> {
    let bad =
        InvalidConfiguration { variable: "SWITCHBOARD_PUSH_DAYS", must: "be a whole number of days from 1 to 60" };
    match env::var("SWITCHBOARD_PUSH_DAYS") {
        Err(_) => Ok(PUSH_DAYS),
        Ok(days) => days.parse().ok().filter(|days| (1..=60).contains(days)).ok_or(bad),
    }
}

/// Returns an SMS setting: `SWITCHBOARD_SMS_PROVIDER`, `SWITCHBOARD_SMS_CONFIGURATION_SET` or
/// `SWITCHBOARD_SMS_MAX_PRICE`.
#[must_use]
pub fn sms_setting(name: &str) -> String {
    env::var(format!("SWITCHBOARD_SMS_{name}")).unwrap_or_default()
}

/// Returns the rate limits of messages and look-ups, and the countries that can be texted.
pub fn sending_limits() -> Result<SendingLimits, InvalidConfiguration> {
    read_sending_limits(|name| env::var(name).ok())
}

fn read_sending_limits(variable: impl Fn(&str) -> Option<String>) -> Result<SendingLimits, InvalidConfiguration> {
    let given = |name| variable(name).filter(|given| !given.is_empty());
    let allowance = |name, otherwise: RateLimit| match given(name) {
        None => Ok(otherwise),
        Some(text) => text
            .parse()
            .map_err(|_| InvalidConfiguration { variable: name, must: "be how many a minute/a day, as in 20/500" }),
    };
    let otherwise = SendingLimits::default();
    let countries = given("SWITCHBOARD_ALLOWED_COUNTRIES").unwrap_or_default();
    let (countries, unknown) = Region::read_list(&countries);
    if !unknown.is_empty() {
        // A mistake in one country must not stop texts to the others.
        tracing::error!(unknown = unknown.join(","), "SWITCHBOARD_ALLOWED_COUNTRIES names an unknown country");
    }
    Ok(SendingLimits {
        staff: allowance("SWITCHBOARD_STAFF_LIMITS", otherwise.staff)?,
        company: allowance("SWITCHBOARD_COMPANY_LIMITS", otherwise.company)?,
        number: allowance("SWITCHBOARD_NUMBER_LIMITS", otherwise.number)?,
        countries,
        usage: UsageLimits {
            staff_lookups: allowance("SWITCHBOARD_STAFF_LOOKUPS", otherwise.usage.staff_lookups)?,
            company_lookups: allowance("SWITCHBOARD_COMPANY_LOOKUPS", otherwise.usage.company_lookups)?,
            ..otherwise.usage
        },
    })
}

/// Returns whether Switchboard answers opt-outs instead of the SMS service.
pub fn self_managed_opt_outs() -> Result<bool, InvalidConfiguration> {
    match env::var("SWITCHBOARD_SELF_MANAGED_OPT_OUTS").as_deref() {
        Err(_) | Ok("false") => Ok(false),
        Ok("true") => Ok(true),
        Ok(_) => Err(InvalidConfiguration { variable: "SWITCHBOARD_SELF_MANAGED_OPT_OUTS", must: "be true or false" }),
    }
}

/// Returns the ARN of the topic that the SMS service publishes inbound messages to.
pub fn inbound_topic() -> Result<String, InvalidConfiguration> {
    env::var("SWITCHBOARD_INBOUND_TOPIC")
        .map_err(|_| InvalidConfiguration { variable: "SWITCHBOARD_INBOUND_TOPIC", must: "be the ARN of a topic" })
}

/// Returns the URL of the queue of pushes to retry.
pub fn push_retries() -> Result<String, InvalidConfiguration> {
    env::var("SWITCHBOARD_PUSH_RETRIES")
        .map_err(|_| InvalidConfiguration { variable: "SWITCHBOARD_PUSH_RETRIES", must: "be the address of a queue" })
}

/// Returns the URL of the WebSocket API's `@connections`.
pub fn live_endpoint() -> Result<String, InvalidConfiguration> {
    env::var("SWITCHBOARD_LIVE_ENDPOINT").map_err(|_| InvalidConfiguration {
        variable: "SWITCHBOARD_LIVE_ENDPOINT",
        must: "name the WebSocket API's stage",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_is_thirty_days_unless_configured_and_never_none() {
        let read = |days: Option<&str>| {
            Configuration::read(|name| match name {
                "SWITCHBOARD_TABLE" => Some("switchboard".to_owned()),
                "SWITCHBOARD_RETENTION_DAYS" => days.map(str::to_owned),
                _ => None,
            })
        };
        assert_eq!(read(None).unwrap().retention, Retention::days(30).unwrap());
        assert_eq!(read(Some("7")).unwrap().retention, Retention::days(7).unwrap());
        for bad in ["0", "-1", "a month", ""] {
            assert!(read(Some(bad)).is_err(), "{bad}");
        }
        assert!(Configuration::read(|_| None).is_err());
    }

    #[test]
    fn a_session_ends_unused_only_where_that_is_configured() {
        let read = |minutes: Option<&str>| {
            let read = Configuration::read(|name| match name {
                "SWITCHBOARD_TABLE" => Some("switchboard".to_owned()),
                "SWITCHBOARD_IDLE_MINUTES" => minutes.map(str::to_owned),
                _ => None,
            });
            read.map(|configuration| configuration.idle_minutes)
        };
        for (given, idle) in [(None, None), (Some("0"), None), (Some("10"), Some(10)), (Some("720"), Some(720))] {
            assert_eq!(read(given).unwrap(), idle, "{given:?}");
        }
        for bad in ["9", "-1", "an hour", "", "70000"] {
            assert!(read(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cloudfront_shows_is_demanded_where_a_secret_is_named_and_never_by_halves() {
        let read = |secret: Option<&str>| {
            let read = Configuration::read(|name| match name {
                "SWITCHBOARD_TABLE" => Some("switchboard".to_owned()),
                "SWITCHBOARD_ORIGIN_SECRET" => secret.map(str::to_owned),
                _ => None,
            });
            read.map(|configuration| configuration.origin_secret)
        };
        assert_eq!(read(None).unwrap(), None);
        assert_eq!(read(Some("switchboard/origin")).unwrap().as_deref(), Some("switchboard/origin"));
        assert!(read(Some("")).is_err());
    }

    #[test]
    fn limits_are_as_configured_and_never_none() {
        let read = |name: &'static str, value: &'static str| {
            read_sending_limits(move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(read("", "").unwrap(), SendingLimits::default());
        assert_eq!(read("SWITCHBOARD_STAFF_LIMITS", "").unwrap(), SendingLimits::default());
        assert_eq!(read("SWITCHBOARD_STAFF_LIMITS", "2/5").unwrap().staff, "2/5".parse().unwrap());
        assert_eq!(read("SWITCHBOARD_COMPANY_LIMITS", "2/5").unwrap().company, "2/5".parse().unwrap());
        assert_eq!(read("SWITCHBOARD_NUMBER_LIMITS", "2/5").unwrap().number, "2/5".parse().unwrap());
        for countries in ["CA,GB", "CA,ZZ,GB,UK"] {
            let read = read("SWITCHBOARD_ALLOWED_COUNTRIES", countries).unwrap().countries;
            assert_eq!(read, ["CA", "GB"].map(|code| code.parse().unwrap()), "a slip leaves the others as they are");
        }
        let lookups = |name| read(name, "2/5").unwrap().usage;
        assert_eq!(lookups("SWITCHBOARD_STAFF_LOOKUPS").staff_lookups, "2/5".parse().unwrap());
        assert_eq!(lookups("SWITCHBOARD_COMPANY_LOOKUPS").company_lookups, "2/5".parse().unwrap());
        for (name, bad) in [
            ("SWITCHBOARD_STAFF_LOOKUPS", "20"),
            ("SWITCHBOARD_STAFF_LIMITS", "none"),
            ("SWITCHBOARD_COMPANY_LIMITS", "0/0"),
            ("SWITCHBOARD_NUMBER_LIMITS", "10"),
        ] {
            assert!(read(name, bad).is_err(), "{name} {bad}");
        }
    }
}
