//! What a customer's text says of whether they want texts.

/// What a text asks for, if it is about texts themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No more texts: the whole message is one of the keywords for it, which this is.
    Stop(&'static str),
    /// Texts again: the whole message is one of the keywords for it.
    Start,
    /// It reads as if no more texts were wanted. The regulator counts any wording that a reasonable
    /// person understands so (47 CFR 64.1200(a)(10)), and only a person can tell.
    SeemsToStop,
}

/// The keywords of AWS ("Required opt-out keywords", End User Messaging SMS), and after them those of the
/// US regulator (47 CFR 64.1200(a)(10)) that AWS has not.
const STOP: [&str; 12] =
    ["ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE", "OPT OUT", "REVOKE"];

/// With which a customer comes back ("Required opt-out keywords").
const START: [&str; 2] = ["START", "UNSTOP"];

impl Wish {
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let plain = plain(without_signature(text));
        let whole = plain.trim_matches(|c: char| !c.is_alphanumeric() && c != '?');
        if let Some(keyword) = STOP.into_iter().find(|keyword| *keyword == whole) {
            return Some(Self::Stop(keyword));
        }
        if START.contains(&whole) {
            return Some(Self::Start);
        }
        let words: Vec<_> = whole.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        (is_only_a_plea(&words) || begins_with_a_plea(&words) || ends_with_a_plea(&words) || asks_to_end_texts(&words))
            .then_some(Self::SeemsToStop)
    }
}

/// What stands above the signature that a mail program or a telephone puts below a message.
fn without_signature(text: &str) -> &str {
    const BEGINS: [&str; 4] = ["SENT FROM ", "SENT VIA ", "GET OUTLOOK FOR ", "ENVIADO DESDE "];
    let is_signature = |line: &str| {
        let line = plain(line);
        // RFC 3676, section 4.3, and what programs make of it.
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

/// In one case, without apostrophes, accents and what cannot be seen, with a space for any white space and ordinary letters
/// for wide ones: keyboards differ.
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

/// Characters of no width, which keyboards and copied texts leave within words: joiners, marks of direction, variation
/// selectors, the soft hyphen and the byte-order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Of what cannot be said of an appointment. `PARE` and `ALTO` are STOP in Spanish.
const PLEAS: &str = "ALTO ARRET OPTOUT PARE QUIT REVOKE STOP STOP2END STOP2QUIT STOPALL UNSUBSCRIBE";
const POLITE: &str = "ALL I IT JUST NOW OK PLEASE PLS PLZ POR FAVOR SAID THANK THANKS THAT THE THIS YOU";

/// "Stop please": nothing but such a keyword and politeness.
fn is_only_a_plea(words: &[&str]) -> bool {
    words.iter().any(|word| is_among(PLEAS, word))
        && words.iter().all(|word| is_among(PLEAS, word) || is_among(POLITE, word))
}

/// "STOP I never signed up for this": begins with such a keyword. Not "stop by" or "stop at", which speak of a visit.
fn begins_with_a_plea(words: &[&str]) -> bool {
    const COMES: &str = "AT BY IN LIGHT OFF OVER SIGN THERE";
    const BEGINS: &str = "ARRET OPTOUT QUIT STOP STOP2END STOP2QUIT STOPALL UNSUBSCRIBE";
    let [first, second, ..] = words else { return false };
    is_among(BEGINS, first) && !is_among(COMES, second)
}

/// "Wrong number, please stop", "remove me": it ends with a plea, and nothing says that it is about something else.
fn ends_with_a_plea(words: &[&str]) -> bool {
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
    (0..said.len()).any(|at| ENDINGS.iter().any(|ending| after(&said[at..], ending).is_some_and(<[&str]>::is_empty)))
}

/// "Please stop sending me texts": what ends something, then texts, and between them only what links the two.
fn asks_to_end_texts(words: &[&str]) -> bool {
    const OUTRIGHT: [&str; 18] = [
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
        OUTRIGHT.iter().any(|outright| after(from, outright).is_some())
            || ENDS.iter().filter_map(|ends| after(from, ends)).any(is_texts)
    })
}

fn is_among(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

/// What follows a phrase that words begin with.
fn after<'a, 'b>(words: &'a [&'b str], phrase: &str) -> Option<&'a [&'b str]> {
    phrase
        .split(' ')
        .try_fold(words, |rest, wanted| rest.split_first().filter(|(word, _)| **word == wanted).map(|(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_a_keyword_and_nothing_else_is_an_opt_out_however_it_is_typed() {
        for keyword in STOP {
            for typed in [keyword.to_owned(), keyword.to_lowercase(), format!(" \u{feff}“{keyword}”!\n")] {
                assert_eq!(Wish::of(&typed), Some(Wish::Stop(keyword)), "{typed}");
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
            assert_eq!(Wish::of(typed), Some(Wish::Stop(keyword)), "{typed}");
        }
    }

    #[test]
    fn start_and_unstop_ask_for_texts_again() {
        for typed in ["START", "start.", "Unstop"] {
            assert_eq!(Wish::of(typed), Some(Wish::Start), "{typed}");
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
            assert_eq!(Wish::of(text), Some(Wish::SeemsToStop), "{text}");
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
            "HELP",
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
            assert_eq!(Wish::of(text), None, "{text}");
        }
    }
}
