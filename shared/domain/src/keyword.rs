//! SMS keywords: how a customer's text opts out, opts in or asks for help.

use crate::OptOutManagement;

/// The SMS keyword in an inbound message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// An opt-out, with its keyword. The keyword is the whole message, or the beginning of the message if the SMS
    /// service manages opt-outs.
    Stop(&'static str),
    /// An opt-in: the whole message is one of the opt-in keywords.
    Start,
    /// A request for contact details and opt-out instructions: the whole message is one of the help keywords.
    Help,
    /// The message reads like an opt-out in other words. The regulator counts any wording that a reasonable person
    /// would understand as an opt-out (47 CFR 64.1200(a)(10)). Only a member of staff can decide.
    SeemsToStop,
    /// The message begins with a keyword that is also an ordinary word, and has more text. The SMS service, which
    /// manages opt-outs, may treat it as an opt-out.
    MayBeStopped(&'static str),
}

/// The opt-out keywords of AWS and of the US regulator.
///
/// The keywords of AWS come first ("Required opt-out keywords", End User Messaging SMS), then the keywords of 47 CFR
/// 64.1200(a)(10) that AWS does not list.
const STOP: [&str; 12] =
    ["ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE", "OPT OUT", "REVOKE"];

/// The AWS opt-out keywords that have no other meaning in a text to a business.
///
/// AWS opts out the sender of a text that begins with one of these keywords ("Keywords in AWS End User Messaging SMS",
/// "Self-managed opt-outs").
const STOP_AT_THE_BEGINNING: [&str; 6] = ["ARRET", "OPT-OUT", "OPTOUT", "QUIT", "STOP", "UNSUBSCRIBE"];

/// The other AWS opt-out keywords, which are also ordinary words: "Cancel my 3 pm", "End of the month is fine".
const WORDS_AT_THE_BEGINNING: [&str; 4] = ["CANCEL", "END", "REMOVE", "TD"];

/// The keywords that opt a customer in again ("Required opt-out keywords").
const START: [&str; 2] = ["START", "UNSTOP"];

/// The keywords that ask for help ("Required opt-out keywords", and the additional keyword of carriers).
const HELP: [&str; 2] = ["HELP", "INFO"];

impl Keyword {
    /// Returns whether the customer may have meant to cancel an appointment. A member of staff must decide.
    #[must_use]
    pub fn may_mean_an_appointment(self) -> bool {
        self == Self::Stop("CANCEL")
    }

    /// Returns the keyword of a text, given which side manages opt-outs; `None` for an ordinary text.
    #[must_use]
    pub fn of_text(text: &str, managed: OptOutManagement) -> Option<Self> {
        let plain = plain(without_signature(text));
        let whole = plain.trim_matches(|c: char| !c.is_alphanumeric() && c != '?');
        if let Some(keyword) = STOP.into_iter().find(|keyword| *keyword == whole) {
            return Some(Self::Stop(keyword));
        }
        if START.contains(&whole) {
            return Some(Self::Start);
        }
        if HELP.contains(&whole) {
            return Some(Self::Help);
        }
        let begins_with = |keyword: &str| {
            managed == OptOutManagement::ByTheService
                && whole.strip_prefix(keyword).is_some_and(|more| !more.starts_with(char::is_alphanumeric))
        };
        if let Some(keyword) = STOP_AT_THE_BEGINNING.into_iter().find(|keyword| begins_with(keyword)) {
            return Some(Self::Stop(keyword));
        }
        let words: Vec<_> = whole.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        if is_bare_keyword(&words)
            || begins_with_keyword(&words)
            || ends_with_keyword(&words)
            || asks_to_unsubscribe(&words)
        {
            return Some(Self::SeemsToStop);
        }
        WORDS_AT_THE_BEGINNING.into_iter().find(|keyword| begins_with(keyword)).map(Self::MayBeStopped)
    }
}

/// Returns the text above the signature that a mail program or a phone adds to a message.
fn without_signature(text: &str) -> &str {
    const BEGINS: [&str; 4] = ["SENT FROM ", "SENT VIA ", "GET OUTLOOK FOR ", "ENVIADO DESDE "];
    let is_signature = |line: &str| {
        let line = plain(line);
        // The signature separator of RFC 3676, section 4.3, and its variants in mail programs.
        let is_ruled = line.len() >= 2 && line.chars().all(|c| matches!(c, '-' | '_'));
        is_ruled || BEGINS.iter().any(|begins| line.starts_with(begins))
    };
    let mut above = 0;
    for line in text.split_inclusive('\n') {
        if above > 0 && is_signature(line) {
            return &text[..above];
        }
        above += line.len();
    }
    text
}

/// Normalizes a text, because keyboards differ.
///
/// Changes letters to upper case and wide letters to ordinary ones. Removes apostrophes, accents and invisible
/// characters, and replaces white space by one space.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !plain.is_empty() {
            plain.push(' ');
        }
        let narrow = word.chars().map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            '\u{2010}'..='\u{2015}' => '-',
            'á' | 'Á' => 'A',
            'é' | 'É' | 'ê' | 'Ê' => 'E',
            'í' | 'Í' => 'I',
            'ó' | 'Ó' => 'O',
            'ú' | 'Ú' => 'U',
            _ => c,
        });
        let kept = narrow.filter(|c| !matches!(c, '\'' | '\u{2019}' | '\u{300}'..='\u{36f}') && !is_invisible(*c));
        plain.extend(kept.flat_map(char::to_uppercase));
    }
    plain
}

/// Returns whether a character has no width.
///
/// Keyboards and copied texts leave such characters within a keyword: joiners, direction marks, variation selectors,
/// the soft hyphen and the byte-order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Opt-out requests that cannot be about an appointment. `PARE` and `ALTO` are STOP in Spanish.
const OPT_OUT_WORDS: &str = "ALTO ARRET OPTOUT PARE QUIT REVOKE STOP STOP2END STOP2QUIT STOPALL UNSUBSCRIBE";
const POLITE: &str = "ALL I IT JUST NOW OK PLEASE PLS PLZ POR FAVOR SAID THANK THANKS THAT THE THIS YOU";

/// Returns whether the text has only opt-out requests and polite phrases: "Stop please".
fn is_bare_keyword(words: &[&str]) -> bool {
    words.iter().any(|word| is_among(OPT_OUT_WORDS, word))
        && words.iter().all(|word| is_among(OPT_OUT_WORDS, word) || is_among(POLITE, word))
}

/// Returns whether the text begins with an opt-out request: "STOP I never signed up for this". "stop by" and "stop at"
/// do not count, because they are about a visit.
fn begins_with_keyword(words: &[&str]) -> bool {
    const COMES: &str = "AT BY IN LIGHT OFF OVER SIGN THERE";
    const BEGINS: &str = "ARRET OPTOUT QUIT STOP STOP2END STOP2QUIT STOPALL UNSUBSCRIBE";
    let [first, second, ..] = words else { return false };
    is_among(BEGINS, first) && !is_among(COMES, second)
}

/// Returns whether the text ends with a request that can only be about texts: "Wrong number, please stop", "remove me".
fn ends_with_keyword(words: &[&str]) -> bool {
    const ENDINGS: [&str; 8] = [
        "DELETE ME",
        "DELETE MY NUMBER",
        "PLEASE STOP",
        "PLS STOP",
        "PLZ STOP",
        "REMOVE ME",
        "REMOVE MY NUMBER",
        "TAKE ME OFF",
    ];
    let polite = words.iter().rev().take_while(|word| is_among(POLITE, word)).count();
    let said = &words[..words.len() - polite];
    (0..said.len())
        .any(|at| ENDINGS.iter().any(|ending| strip_phrase(&said[at..], ending).is_some_and(<[&str]>::is_empty)))
}

/// Returns whether the text asks to end texts: "Please stop sending me texts".
///
/// The text must contain a verb that ends something, then a noun for texts, with only linking terms between them.
fn asks_to_unsubscribe(words: &[&str]) -> bool {
    const OPT_OUT_PHRASES: [&str; 18] = [
        "LEAVE ME ALONE",
        "LOSE MY NUMBER",
        "OPT ME OUT",
        "OPT OUT",
        "OPTOUT",
        "STOP SENDING",
        "UNSUBSCRIBE",
        // In Spanish.
        "DARME DE BAJA",
        "DEJE DE ENVIARME",
        "DEJE DE MANDARME",
        "DEJEN DE ENVIARME",
        "DEJEN DE MANDARME",
        "NO MAS MENSAJES",
        "NO ME ENVIE MAS",
        "NO ME ENVIEN MAS",
        "NO ME MANDE MAS",
        "NO ME MANDEN MAS",
        "NO QUIERO MAS MENSAJES",
    ];
    const ENDS: [&str; 17] = [
        "CANCEL",
        "CEASE",
        "DELETE",
        "DO NOT",
        "DO NOT WANT TO GET",
        "DO NOT WANT TO RECEIVE",
        "DONT",
        "DONT WANT TO GET",
        "DONT WANT TO RECEIVE",
        "END",
        "NEVER",
        "NO MORE",
        "QUIT",
        "REMOVE",
        "REVOKE",
        "STOP",
        "TAKE ME OFF",
    ];
    const LINKS: &str = "ALL ANY FROM FURTHER FUTURE GETTING ME MORE MY NUMBER OF OFF PHONE RECEIVING SEND SENDING SUCH \
                         THE THESE THIS THOSE TO US WANT WITH YOUR";
    const TEXTS: &str = "CONTACT CONTACTING LIST MESSAGE MESSAGES MESSAGING MSG MSGS NOTIFICATIONS REMINDERS SMS SPAM \
                         SPAMMING TEXT TEXTING TEXTS TXT TXTING TXTS";
    let is_texts = |rest: &[&str]| rest.iter().find(|it| !is_among(LINKS, it)).is_some_and(|it| is_among(TEXTS, it));
    (0..words.len()).map(|at| words.get(at..).unwrap_or_default()).any(|from| {
        OPT_OUT_PHRASES.iter().any(|outright| strip_phrase(from, outright).is_some())
            || ENDS.iter().filter_map(|ends| strip_phrase(from, ends)).any(is_texts)
    })
}

fn is_among(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

/// Removes a phrase from the start of a list; `None` if the list does not begin with it.
fn strip_phrase<'a, 'b>(words: &'a [&'b str], phrase: &str) -> Option<&'a [&'b str]> {
    phrase
        .split(' ')
        .try_fold(words, |rest, wanted| rest.split_first().filter(|(word, _)| **word == wanted).map(|(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use OptOutManagement::{ByTheService, ByUs};

    use super::*;

    #[test]
    fn a_message_that_is_a_keyword_and_nothing_else_is_an_opt_out_however_it_is_typed() {
        for keyword in STOP {
            for typed in [keyword.to_owned(), keyword.to_lowercase(), format!(" \u{feff}“{keyword}”!\n")] {
                assert_eq!(Keyword::of_text(&typed, ByUs), Some(Keyword::Stop(keyword)), "{typed}");
            }
        }
        for (typed, keyword) in [
            ("Ｓｔｏｐ", "STOP"),
            ("🛑 stop 🛑", "STOP"),
            ("stop.", "STOP"),
            ("'STOP'", "STOP"),
            ("opt\u{2011}out", "OPT-OUT"),
            ("Opt \u{a0} out", "OPT OUT"),
            ("Arrêt", "ARRET"),
            ("S\u{200b}T\u{200d}O\u{2060}P", "STOP"),
            ("STOP.\n-- \nJane Doe\nHarbor Lane 1", "STOP"),
            ("Stop\n\nSent from my iPhone", "STOP"),
            ("cancel\n__________\nJane", "CANCEL"),
            ("arre\u{302}t", "ARRET"),
        ] {
            assert_eq!(Keyword::of_text(typed, ByUs), Some(Keyword::Stop(keyword)), "{typed}");
        }
    }

    #[test]
    fn start_and_unstop_ask_for_texts_again() {
        for typed in ["START", "start.", "Unstop"] {
            assert_eq!(Keyword::of_text(typed, ByUs), Some(Keyword::Start), "{typed}");
        }
    }

    #[test]
    fn wording_that_a_reasonable_person_understands_so_is_left_to_one() {
        for text in [
            "please stop texting me",
            "cancel all messages",
            "Stop please",
            "stop?",
            "STOP STOP STOP",
            "Please stop sending me all of these messages",
            "Don’t text me",
            "don't text this number",
            "do not contact me",
            "I do not want to receive any more texts",
            "I don't want your texts",
            "never text me again",
            "No more texts!",
            "remove me from your list",
            "take me off your list",
            "how do I unsubscribe",
            "opt me out",
            "I want to opt-out now",
            "leave me alone",
            "STOP I never signed up for this",
            "Stop, who is this?",
            "Please stop sending these",
            "Wrong number, please stop",
            "I am not Maria. Please stop, thank you",
            "remove me",
            "please delete my number",
            "Take me off.",
            "STOP2QUIT",
            "PARE",
            "Alto por favor",
            "no me manden más mensajes",
            "Ya no me envíen más",
            "Dejen de mandarme textos",
        ] {
            assert_eq!(Keyword::of_text(text, ByUs), Some(Keyword::SeemsToStop), "{text}");
        }
    }

    #[test]
    fn what_is_said_of_an_appointment_is_no_wish() {
        for text in [
            "cancel my 3 pm",
            "Please cancel",
            "cancel?",
            "cancel my 3 pm, text me back",
            "cancel my appointment, the message said 3 pm",
            "I don't get your reminders",
            "I never get your texts",
            "Can you stop by at 3",
            "stop by and text me when you are there",
            "Sorry, I did not get your message",
            "the end of the week is best",
            "I need to end early, text me",
            "no message from you yet",
            "help me",
            "start at 3?",
            "Let's start",
            "bus stop",
            "I will get off at the next stop",
            "Stop by my place first?",
            "stop at the pharmacy first",
            "take me off the 3 pm and put me on at 4",
            "remove me from Tuesday, I come on Friday",
            "Alto Street 12, second floor",
            "pare de sufrir",
            "restart",
            "",
            "?!",
            "👍",
        ] {
            assert_eq!(Keyword::of_text(text, ByUs), None, "{text}");
        }
    }
    #[test]
    fn help_and_info_ask_who_writes() {
        for typed in ["HELP", "help!", "Info", "Help\n-- \nJane"] {
            for managed in [ByUs, ByTheService] {
                assert_eq!(Keyword::of_text(typed, managed), Some(Keyword::Help), "{typed}");
            }
        }
    }

    #[test]
    fn what_begins_with_a_keyword_is_an_opt_out_where_the_sms_service_takes_it_for_one() {
        for (text, keyword) in [
            ("STOP I never signed up for this", "STOP"),
            ("stop.it", "STOP"),
            ("Stop by at 3?", "STOP"),
            ("stop\nplease", "STOP"),
            ("\"Quit\" texting", "QUIT"),
            ("Unsubscribe me", "UNSUBSCRIBE"),
            ("opt-out please", "OPT-OUT"),
            ("OptOut, thanks", "OPTOUT"),
            ("arrêt svp", "ARRET"),
        ] {
            assert_eq!(Keyword::of_text(text, ByTheService), Some(Keyword::Stop(keyword)), "{text}");
            assert!(!matches!(Keyword::of_text(text, ByUs), Some(Keyword::Stop(_))), "{text}");
        }
        for text in ["Stopping by at 3", "STOP2QUIT", "please stop", "nonstop"] {
            assert!(!matches!(Keyword::of_text(text, ByTheService), Some(Keyword::Stop(_))), "{text}");
        }
    }

    #[test]
    fn what_begins_with_a_keyword_that_is_an_ordinary_word_may_be_taken_for_an_opt_out() {
        for (text, keyword) in [
            ("Cancel my 3 pm", "CANCEL"),
            ("cancel?", "CANCEL"),
            ("END of the week is best", "END"),
            ("Remove the 3 pm, keep the 4 pm", "REMOVE"),
            ("TD bank called", "TD"),
        ] {
            assert_eq!(Keyword::of_text(text, ByTheService), Some(Keyword::MayBeStopped(keyword)), "{text}");
            assert_eq!(Keyword::of_text(text, ByUs), None, "{text}");
        }
        assert_eq!(Keyword::of_text("remove me", ByTheService), Some(Keyword::SeemsToStop), "which one click does");
        for text in ["Cancelled?", "Ending soon", "I need to cancel"] {
            assert_eq!(Keyword::of_text(text, ByTheService), None, "{text}");
        }
    }
}
