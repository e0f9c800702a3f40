//! The help pages. A page needs no sign-in, so it also helps a person who cannot sign in to the portal.

use maud::{Markup, html};

use super::{HELP_WITH_ANSWERING, HELP_WITH_PUSH, SESSIONS, SETTINGS, document_with};
use crate::assets::address;

/// A picture with its text alternative. The picture loads when it is scrolled into view.
struct Picture {
    file: &'static str,
    width: u16,
    height: u16,
    shows: &'static str,
}

fn help(title: &str, content: &Markup) -> Markup {
    document_with(
        title,
        &html! { link rel="stylesheet" href=(address("help.css")); },
        &html! {
            a.skip href="#content" { "Skip to the content" }
            header.help-top {
                a.brand href="/" { img src=(address("icon.svg")) width="28" height="28" alt=""; span { "Switchboard" } }
                a.button href="/" { "Go to the Dashboard" }
            }
            main.help id="content" { h1 { (title) } (content) }
        },
    )
}

fn picture(picture: &Picture) -> Markup {
    html! {
        figure {
            img src=(address(picture.file)) width=(picture.width) height=(picture.height) alt=(picture.shows) loading="lazy";
        }
    }
}

const IN_THE_CORNER: Picture = Picture {
    file: "corner.svg",
    width: 560,
    height: 240,
    shows: "A computer's screen with a document on it. In its corner a notification: Maria Lopez, Running 10 min late, ok?",
};
const BELL_OFF: Picture = Picture {
    file: "bell-off.webp",
    width: 560,
    height: 300,
    shows: "The top of Switchboard. The bell says off, and its panel has the button Turn on.",
};
const BELL_ON: Picture = Picture {
    file: "bell-on.webp",
    width: 560,
    height: 300,
    shows: "The bell says on. Its panel has the buttons Send a test and Turn off.",
};
const BELL_DENIED: Picture = Picture {
    file: "bell-denied.webp",
    width: 560,
    height: 300,
    shows: "The bell is crossed out and says blocked. Its panel says that only you can allow notifications again.",
};
const QUESTION: Picture = Picture {
    file: "question.svg",
    width: 560,
    height: 200,
    shows: "The browser's question, below the address: wants to show notifications, with the buttons Block and Allow.",
};
const BY_THE_ADDRESS: Picture = Picture {
    file: "by-the-address.svg",
    width: 560,
    height: 220,
    shows: "The sign at the left of the address is marked. The menu below it has the line Notifications with a switch.",
};
const FIREFOX: Picture = Picture {
    file: "firefox.svg",
    width: 560,
    height: 220,
    shows: "Firefox: the signs at the left of the address. The panel below says Send Notifications, Blocked, with a cross to clear it.",
};
const SAFARI: Picture = Picture {
    file: "safari.svg",
    width: 560,
    height: 220,
    shows: "Safari's settings: Websites at the top, Notifications at the left, and beside the portal's address the choice Allow.",
};
const HOME_SCREEN: Picture = Picture {
    file: "home-screen.svg",
    width: 560,
    height: 320,
    shows: "Three pictures of an iPhone: Share at the bottom, Add to Home Screen in the list, and Switchboard's icon on the Home Screen.",
};
const ROW_PICTURE: Picture = Picture {
    file: "the-row.webp",
    width: 912,
    height: 207,
    shows: "The Dashboard: who wrote, what and when, and the green button View Conversation.",
};
const REPLY_PICTURE: Picture = Picture {
    file: "the-reply.webp",
    width: 400,
    height: 463,
    shows: "A conversation: what the customer wrote at the left, our answers at the right, and below them the field for a reply with the button Send.",
};

pub(super) fn push() -> Markup {
    help(
        "Turn web push notifications on or off",
        &html! {
            p.lead { "Switchboard can tell you of a new SMS in the corner of your screen, whatever is on it, and with Switchboard closed. Each browser and each phone is turned on by itself." }
            (picture(&IN_THE_CORNER))
            ul.on-page aria-label="On this page" {
                @for (place, name) in [
                    ("#on", "Turn on"),
                    ("#off", "Turn off"),
                    ("#which", "Which browsers can"),
                    ("#iphone", "iPhone and iPad"),
                    ("#denied", "Blocked before"),
                    ("#nothing", "On, and nothing shows"),
                ] {
                    li { a href=(place) { (name) } }
                }
            }
            (turn_on())
            (turn_off())
            (browser_choice())
            (iphone())
            (denied())
            (nothing_shows())
            p { "What to do when one shows: " a href=(HELP_WITH_ANSWERING) { "How to answer an SMS" } "." }
        },
    )
}

fn turn_on() -> Markup {
    html! {
        h2 id="on" { "Turn them on" }
        ol {
            li { "Sign in to Switchboard with the browser or on the phone that is to tell you. On an iPhone or iPad, begin with " a href="#iphone" { "the Home Screen" } "." }
            li { "Press the " b { "bell" } " at the top of any page, then " b { "Turn on" } "." }
            li { "The browser asks whether Switchboard may show notifications. Press " b { "Allow" } "." }
            li { "The bell is filled now. Press " b { "Send a test" } ": it goes the whole way that an SMS goes, and the bell says when it was shown." }
        }
        (picture(&BELL_OFF))
        (picture(&QUESTION))
        h3 { "On a computer: Chrome, Edge, Firefox" }
        p { "The question shows below the address. Notifications come as long as the browser runs, in any window. Chrome and Edge also bring them with all windows closed, if they may go on in the background: that is a setting of theirs under System." }
        h3 { "On a Mac: Safari" }
        p { "The question shows in the middle of the window. Notifications come even when Safari is closed, and also show in Notification Center." }
        h3 { "On Android: Chrome, Edge, Firefox, Samsung Internet" }
        p { "The question shows at the bottom or at the top of the screen. On Android 13 and newer the phone may ask a second time, for the browser itself: allow that too. If you like, install Switchboard from the browser's menu with " b { "Add to Home screen" } ": then it opens from an icon of its own." }
        h3 { "The number on Switchboard's icon" }
        p { "Where Switchboard is installed as an app on a computer, and on the Home Screen of an iPhone or iPad, its icon has the number of customers who wait for an answer. While Switchboard is closed, it is the number as of the last notification: a colleague may have answered since." }
    }
}

fn turn_off() -> Markup {
    html! {
        h2 id="off" { "Turn them off" }
        ol {
            li { "Press the " b { "bell" } ", then " b { "Turn off" } ". That is all: this browser is told of nothing any more." }
            li { "To turn off one that you do not have at hand, a phone that was lost for instance, open " a href=(SETTINGS) { "Notifications settings" } " and remove it from the list." }
        }
        (picture(&BELL_ON))
        p { "Signing out ends them too, until somebody signs in with that browser again, and so does a week in which nobody did, unless your company has chosen another time. When notifications are turned on in one more browser, your other browsers tell you: if it was not you, remove it. In " a href=(SETTINGS) { "Notifications settings" } " you can also be told only of customers who have an appointment with you." }
    }
}

fn browser_choice() -> Markup {
    html! {
        h2 id="which" { "Which browsers can" }
        table {
            thead { tr { th scope="col" { "Browser" } th scope="col" { "Computer" } th scope="col" { "Phone and tablet" } } }
            tbody {
                tr { th scope="row" { "Chrome" } td { "Yes" } td { "Android: yes" } }
                tr { th scope="row" { "Edge" } td { "Yes" } td { "Android: yes" } }
                tr { th scope="row" { "Firefox" } td { "Yes" } td { "Android: yes" } }
                tr { th scope="row" { "Samsung Internet" } td { "–" } td { "Android: yes" } }
                tr { th scope="row" { "Safari" } td { "macOS 13 and newer" } td { "iOS and iPadOS 16.4 and newer, from the Home Screen" } }
            }
        }
        p { "Not in a private or incognito window: it forgets everything when it is closed. On an iPhone or iPad every browser is Safari inside, and only an app on the Home Screen can show notifications." }
    }
}

fn iphone() -> Markup {
    html! {
        h2 id="iphone" { "iPhone and iPad: the Home Screen first" }
        ol {
            li { "Open Switchboard in Safari, and tap " b { "Share" } " (a square with an arrow)." }
            li { "Scroll down and tap " b { "Add to Home Screen" } ", then " b { "Add" } "." }
            li { "Open Switchboard from its new icon, and sign in there: it is an app of its own now." }
            li { "Tap the " b { "bell" } ", " b { "Turn on" } ", and " b { "Allow" } "." }
        }
        (picture(&HOME_SCREEN))
    }
}

fn denied() -> Markup {
    html! {
        h2 id="denied" { "Allow them again after they were blocked" }
        p { "Once you have answered " b { "Block" } ", a browser does not ask again, and Switchboard cannot make it. The bell is crossed out until you change it in the browser. Then press the bell and " b { "Turn on" } "." }
        (picture(&BELL_DENIED))
        h3 { "Chrome and Edge on a computer" }
        ol {
            li { "Press the sign at the left of the address." }
            li { "Turn " b { "Notifications" } " on. If the line is not there: " b { "Site settings" } " or " b { "Permissions for this site" } ", then " b { "Notifications: Allow" } "." }
        }
        (picture(&BY_THE_ADDRESS))
        h3 { "Firefox on a computer" }
        ol {
            li { "Press the crossed-out sign at the left of the address." }
            li { "Beside " b { "Send Notifications" } ", press the cross that clears " b { "Blocked" } ". The next time you turn the bell on, Firefox asks again." }
        }
        (picture(&FIREFOX))
        h3 { "Safari on a Mac" }
        ol {
            li { "In the menu, " b { "Safari" } ", " b { "Settings" } ", " b { "Websites" } ", then " b { "Notifications" } " at the left." }
            li { "Beside Switchboard's address pick " b { "Allow" } "." }
        }
        (picture(&SAFARI))
        h3 { "Chrome on Android" }
        p { "Tap the sign at the left of the address, " b { "Permissions" } ", " b { "Notifications" } ", and turn it on. If it stays grey, the phone blocks Chrome itself: " b { "Settings" } ", " b { "Apps" } ", " b { "Chrome" } ", " b { "Notifications" } "." }
        h3 { "Edge on Android" }
        p { "Tap the lock at the left of the address, which Edge may have at the bottom of the screen, then " b { "Permissions" } ", " b { "Notifications" } ", and turn it on. The phone's own switch is under " b { "Settings" } ", " b { "Apps" } ", " b { "Edge" } ", " b { "Notifications" } "." }
        h3 { "Firefox on Android" }
        p { "Tap the lock beside the address, then " b { "Notification" } " until it says allowed. The phone's own switch is under " b { "Settings" } ", " b { "Apps" } ", " b { "Firefox" } ", " b { "Notifications" } "." }
        h3 { "Samsung Internet" }
        p { "In its menu, " b { "Settings" } ", " b { "Sites and downloads" } ", " b { "Notifications" } ": allow Switchboard's address there. The phone's own switch is under " b { "Settings" } ", " b { "Notifications" } ", " b { "App notifications" } "." }
        h3 { "iPhone and iPad" }
        p { b { "Settings" } ", " b { "Notifications" } ", " b { "Switchboard" } ": turn on " b { "Allow Notifications" } ". If Switchboard is not in that list, it is not on the Home Screen yet: see " a href="#iphone" { "above" } "." }
    }
}

fn nothing_shows() -> Markup {
    html! {
        h2 id="nothing" { "It is on, and nothing shows" }
        p { "Press the bell and " b { "Send a test" } ". If the bell says when it was shown and you saw nothing, something on your computer or phone keeps quiet:" }
        ul {
            li { b { "Windows: " } "Settings, System, Notifications: on for your browser, and " b { "Do not disturb" } " off." }
            li { b { "Mac: " } "System Settings, Notifications: on for your browser, and no " b { "Focus" } " in Control Center." }
            li { b { "Android: " } "no " b { "Do not disturb" } ", and under Apps, your browser, Battery: not " b { "Restricted" } "." }
            li { b { "iPhone and iPad: " } "no " b { "Focus" } ", and Settings, Notifications, Switchboard shows banners." }
        }
        p { "If the test has not come, the bell says what is known of the reason, and so do " a href=(SETTINGS) { "Notifications settings" } ". Turning the bell off and on again makes a new connection." }
        p { "While you have the very conversation open in front of you, Switchboard stays quiet there: what the customer writes shows in it by itself. In Safari, and on an iPhone or iPad, it may flash up for a moment all the same, without a sound: Apple wants all that is sent to be shown." }
    }
}

pub(super) fn answering() -> Markup {
    help(
        "How to answer an SMS",
        &html! {
            p.lead { "A customer has texted one of your numbers. The answer is three steps away, and goes out from the number that they wrote to." }
            h2 { "1. Open the conversation" }
            ul {
                li { "From a notification in the corner of your screen: click or tap it. " a href=(HELP_WITH_PUSH) { "Turn web push notifications on or off" } " says how you get them." }
                li { "From the " b { "Dashboard" } ": press the green " b { "View Conversation" } " beside what they wrote. A dot says that they wait for an answer." }
                li { "From " b { "Messages" } ": press the customer's name. The number beside it says how much is unanswered." }
            }
            (picture(&ROW_PICTURE))
            h2 { "2. Write" }
            p { "Write into the field below the conversation. Beneath it you see how long the text is and how many SMS it takes: plain text has room for 160 characters in one, and text with emoji or letters of some languages for 70." }
            (picture(&REPLY_PICTURE))
            p { "What you write is kept in this window, for you alone, until it is sent or you sign out, also when you look at another page meanwhile." }
            h2 { "3. Send" }
            p { "Press " b { "Send" } ", or Ctrl and Enter. Your colleagues see at once that the customer has an answer, and from whom. Below the text stands what became of it:" }
            table {
                thead { tr { th scope="col" { "Sign" } th scope="col" { "What it says" } } }
                tbody {
                    tr { th scope="row" { "○" } td { "It is being sent." } }
                    tr { th scope="row" { "✓" } td { "The carrier has it. Some carriers never say more." } }
                    tr { th scope="row" { "✓✓" } td { "It has reached the phone." } }
                    tr { th scope="row" { "In red" } td { "It was not sent, or did not arrive, and why. The customer still waits: their row says " b { "Not delivered" } ", and you are notified. Press " b { "Send again" } ", or call." } }
                    tr { th scope="row" { "In amber" } td { "Nobody knows whether it went out. It is not sent again by itself; " b { "Send again" } " does so if you would rather they get it twice than not at all." } }
                }
            }
            h2 { "Good to know" }
            ul {
                li { "Pressing Send twice, or again after the connection was lost, sends it once." }
                li { "A customer who texts STOP, or another word that means it, is unsubscribed: they get no texts until they text START. The conversation says so, and nobody can write in it." }
                li { "If they tell you so on the phone, press " b { "Opt out" } " above the conversation. Where what they wrote only sounds like it, you are asked below their text. " b { "CANCEL" } " may mean their appointment: look, and press " b { "Done" } " below it." }
                li { "If a number only sends what nobody wants, press " b { "Block this number" } " above the conversation. What it sends is kept under " b { "Blocked numbers" } ", below the list in Messages, and nobody is told of it until it is unblocked." }
                li { "Somebody who pressed a key in a confirmation call shows in the same conversation, with what they pressed." }
                li { "To write first, press " b { "New message" } " and enter their mobile number." }
            }
            h2 id="sessions" { "Signed in on another computer?" }
            p { a href=(SESSIONS) { "Where you are signed in" } " lists your browsers: your name at the top of a page leads there, and so does the line at the end of the Dashboard. If you left one signed in, press " b { "Sign out" } " beside it. If you do not know one, " b { "Sign out everywhere" } ", and tell your administrator. Notifications end in each browser that is signed out." }
        },
    )
}
