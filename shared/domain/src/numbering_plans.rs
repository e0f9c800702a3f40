use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use bytes::Bytes;
use prost::Message;
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection, PhoneNumberUtil, Region};

/// The numbering plans in the packed form of `rlibphonenumber`. That crate itself unpacks either all of them or none.
static PACKED: &[u8] = include_bytes!("numbering_plans.bin");

static PLANS: LazyLock<NumberingPlans> = LazyLock::new(NumberingPlans::sorted);

/// The numbering plans of the world. The plans of a calling code are unpacked when one of its numbers is first parsed
/// or shown.
struct NumberingPlans {
    codes: HashMap<String, i32>,
    countries: HashMap<i32, CallingCodePlans>,
    world: OnceLock<PhoneNumberUtil>,
}

/// The numbering plans that share a calling code.
///
/// Usually these are one country's plans. 25 countries share +1, and a few share some other codes, such as +44.
#[derive(Default)]
struct CallingCodePlans {
    packed: Vec<Bytes>,
    unpacked: OnceLock<PhoneNumberUtil>,
}

/// A `PhoneMetadataCollection` whose items are left packed.
#[derive(Clone, PartialEq, Message)]
struct PackedCollection {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    plans: Vec<Bytes>,
}

/// The fields of a `PhoneMetadata` that identify its plan.
#[derive(Clone, PartialEq, Message)]
struct PlanIdentity {
    #[prost(string, tag = "9")]
    region: String,
    #[prost(int32, tag = "10")]
    code: i32,
}

/// Returns the plans of a calling code; all plans if the code does not exist.
pub(crate) fn plan_of(code: i32) -> &'static PhoneNumberUtil {
    let countries = PLANS.countries.get(&code);
    countries.map_or_else(world, |countries| countries.unpacked.get_or_init(|| unpack(&countries.packed)))
}

/// Returns all plans. Unpacking them takes some milliseconds and as many MB.
pub(crate) fn world() -> &'static PhoneNumberUtil {
    PLANS.world.get_or_init(|| unpack(PLANS.countries.values().flat_map(|countries| &countries.packed)))
}

pub(crate) fn code_of_region(region: Region) -> Option<i32> {
    PLANS.codes.get(&*region.as_region_str()).copied()
}

/// Returns the calling code of a number in E.164. No calling code is a prefix of another.
pub(crate) fn code_of_number(e164: &str) -> Option<i32> {
    let digits = e164.strip_prefix('+')?;
    let mut beginnings = (1..=3).filter_map(|length| digits.get(..length)?.parse().ok());
    beginnings.find(|code| PLANS.countries.contains_key(code))
}

impl NumberingPlans {
    #[allow(clippy::expect_used, reason = "a test sorts the same")]
    fn sorted() -> Self {
        let collection = PackedCollection::decode(PACKED).expect("plans are packed one by one");
        let (mut codes, mut countries) = (HashMap::new(), HashMap::<_, CallingCodePlans>::new());
        for plan in collection.plans {
            let whose = PlanIdentity::decode(plan.clone()).expect("a plan says whose it is");
            countries.entry(whose.code).or_default().packed.push(plan);
            codes.insert(whose.region, whose.code);
        }
        // `001` is the region of the codes that belong to no country, such as 800 or 870.
        codes.remove("001");
        Self { codes, countries, world: OnceLock::new() }
    }
}

#[allow(clippy::expect_used, reason = "a test unpacks them all")]
fn unpack<'a>(packed: impl IntoIterator<Item = &'a Bytes>) -> PhoneNumberUtil {
    let unpacked = packed.into_iter().map(|plan| PhoneMetadata::decode(plan.clone()));
    let metadata = unpacked.collect::<Result<_, _>>().expect("a plan can be unpacked");
    PhoneNumberUtil::new_for_metadata(PhoneMetadataCollection { metadata }).expect("every plan has a region")
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat};

    use super::*;

    /// Returns numbers of every calling code without a pattern, so that they cover most lengths and prefixes of a plan.
    fn numbers() -> impl Iterator<Item = String> {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut digit = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from_digit(u32::try_from(state % 10).unwrap(), 10).unwrap()
        };
        let codes: Vec<_> = PHONE_NUMBER_UTIL.get_supported_calling_codes().collect();
        codes.into_iter().flat_map(|code| (0..20).map(move |n| (code, 7 + n % 5))).map(move |(code, length)| {
            let rest: String = (0..length).map(|_| digit()).collect();
            format!("+{code}{rest}")
        })
    }

    fn read(plans: &PhoneNumberUtil, number: &str) -> Option<(PhoneNumber, String)> {
        let number = plans.parse(number, None).ok()?;
        let shown =
            [PhoneNumberFormat::National, PhoneNumberFormat::International].map(|as_| plans.format(&number, as_));
        let read = format!("{:?}, {}", plans.get_number_type(&number), shown.join(", "));
        Some((number, read))
    }

    #[test]
    fn the_plans_are_those_of_the_library() {
        let regions: Vec<_> = PHONE_NUMBER_UTIL.get_supported_regions().collect();
        assert_eq!(PLANS.codes.len(), regions.len());
        for region in regions {
            assert_eq!(code_of_region(region), PHONE_NUMBER_UTIL.get_country_code_for_region(region));
        }
        for number in numbers() {
            let Some((by_library, how)) = read(&PHONE_NUMBER_UTIL, &number) else { continue };
            let code = code_of_number(&number);
            assert_eq!(code, Some(by_library.country_code), "{number}");
            let ours = read(plan_of(by_library.country_code), &number);
            assert_eq!(ours, Some((by_library, how)), "copy metadata.bin of rlibphonenumber to numbering_plans.bin");
        }
    }

    #[test]
    fn all_plans_read_what_each_reads() {
        for number in numbers().step_by(5) {
            assert_eq!(read(world(), &number), read(&PHONE_NUMBER_UTIL, &number));
        }
    }

    #[test]
    fn nobody_has_a_code_that_does_not_exist() {
        assert_eq!(code_of_number("+9991234567"), None);
        assert_eq!(code_of_number("+8005550199"), Some(800));
        assert_eq!(code_of_region("AQ".parse().unwrap()), None);
        assert_eq!(code_of_region(Region::World), None);
    }
}
