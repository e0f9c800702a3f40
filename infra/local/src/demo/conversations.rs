//! The conversations of the demo.

pub(super) struct DemoConversation {
    pub(super) number: &'static str,
    /// The index of the line in the company's lines.
    pub(super) line: usize,
    pub(super) messages: &'static [DemoMessage],
}

pub(super) struct DemoMessage {
    pub(super) author: DemoAuthor,
    pub(super) time: MessageTime,
    pub(super) text: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum DemoAuthor {
    Customer,
    /// The index of the author in the company's staff.
    Staff(usize),
}

#[derive(Clone, Copy)]
pub(super) enum MessageTime {
    MinutesAgo(u64),
    /// A number of days ago, with the hour and minute in the company's time zone.
    DaysAgo(u64, u64, u64),
}

const fn from_customer(when: MessageTime, text: &'static str) -> DemoMessage {
    DemoMessage { author: DemoAuthor::Customer, time: when, text }
}

const fn from_staff(staff: usize, when: MessageTime, text: &'static str) -> DemoMessage {
    DemoMessage { author: DemoAuthor::Staff(staff), time: when, text }
}

const fn day(days: u64, hour: u64, minute: u64) -> MessageTime {
    MessageTime::DaysAgo(days, hour, minute)
}

const fn ago(minutes: u64) -> MessageTime {
    MessageTime::MinutesAgo(minutes)
}

const fn conversation_with(number: &'static str, said: &'static [DemoMessage]) -> DemoConversation {
    DemoConversation { number, line: 0, messages: said }
}

pub(super) const HARBOR_DENTAL: &[DemoConversation] = &[
    conversation_with(
        "+14255550182",
        &[
            from_staff(
                0,
                day(23, 9, 2),
                "Hi Maria, this is Harbor Dental. You're due for a cleaning. Would you like us to find you a time?",
            ),
            from_customer(day(23, 9, 40), "Yes please! Afternoons are best, any day but Wednesday"),
            from_staff(0, day(23, 9, 52), "How about one with Dr. Osei in three weeks?"),
            from_customer(day(23, 9, 55), "Perfect 👍"),
            from_staff(0, day(23, 9, 57), "You're booked. We'll text you a reminder the day before."),
            from_staff(
                2,
                day(1, 9, 2),
                "Reminder from Harbor Dental: your cleaning is tomorrow. Reply here if anything has changed.",
            ),
            from_customer(day(1, 9, 20), "Thanks, see you tomorrow"),
            from_customer(ago(2), "Running 10 min late, ok?"),
        ],
    ),
    conversation_with(
        "+12535550119",
        &[
            from_staff(
                1,
                day(12, 14, 31),
                "Hi Sam, your night guard has come in. You can pick it up any weekday from 8 to 5.",
            ),
            from_customer(day(12, 15, 5), "Great, I'll come by Friday before work"),
            from_staff(1, day(12, 15, 8), "See you Friday. We open at 8."),
            from_customer(day(8, 10, 12), "It rubs a little on the left side. Is that normal?"),
            from_staff(
                2,
                day(8, 10, 26),
                "A bit of pressure is normal for the first week. If it still rubs on Monday, come in and we'll adjust it, no charge.",
            ),
            from_customer(ago(14), "Still rubbing. Could I come in today or tomorrow?"),
        ],
    ),
    conversation_with(
        "+12065550126",
        &[
            from_customer(day(6, 11, 3), "Hello, do you take Delta Dental insurance?"),
            from_staff(0, day(6, 11, 9), "We do. Bring your card to the first visit and we'll take care of the rest."),
            from_customer(day(6, 11, 14), "Wonderful. I'd like to book a check-up for me and my son (7)"),
            from_staff(0, day(6, 11, 21), "Happy to! Saturday the 28th: 9:30 for you and 10:00 for your son?"),
            from_customer(day(6, 11, 30), "Yes, both please"),
            from_staff(0, day(6, 11, 32), "Done. Looking forward to meeting you both."),
        ],
    ),
    conversation_with(
        "+13605550174",
        &[
            from_staff(2, day(17, 8, 45), "Good morning Mr. Brandt, how is the tooth after yesterday's filling?"),
            from_customer(day(17, 12, 10), "A little sore when I drink something cold, otherwise fine"),
            from_staff(2, day(17, 12, 24), "That should pass within a few days. Call or text us if it gets worse."),
            from_customer(day(3, 16, 48), "All good now. Thank you for asking"),
            from_staff(2, day(3, 16, 50), "Glad to hear it!"),
        ],
    ),
    conversation_with(
        "+14255550137",
        &[
            from_staff(
                1,
                day(4, 9, 0),
                "Hi Aisha, we have an opening this Friday at 11:15 if you'd like to come earlier than the 9th.",
            ),
            from_customer(day(4, 9, 34), "Friday doesn't work, sorry. Is there anything next week?"),
            from_staff(1, day(4, 9, 41), "Tuesday 10:30 or Thursday 1:45?"),
            from_customer(day(4, 9, 47), "Thursday 1:45 please"),
            from_staff(1, day(4, 9, 48), "Thursday at 1:45 it is."),
            from_customer(ago(95), "هل يمكنني إحضار ابنتي معي يوم الخميس؟"),
        ],
    ),
    conversation_with(
        "+15095550158",
        &[
            from_staff(
                0,
                day(20, 13, 5),
                "Hi Ben, we missed you at your check-up this morning. Shall we find another time?",
            ),
            from_customer(day(20, 13, 30), "STOP"),
        ],
    ),
    DemoConversation {
        number: "+12065550193",
        line: 1,
        messages: &[
            from_customer(
                day(2, 17, 22),
                "Hi, I chipped a front tooth playing basketball. It doesn't hurt but looks bad. What should I do?",
            ),
            from_staff(
                1,
                day(2, 17, 25),
                "Sorry to hear that, Tyler. Keep the piece in milk if you have it. Can you come at 8:00 tomorrow morning?",
            ),
            from_customer(day(2, 17, 26), "I'll be there. I have the piece"),
            from_staff(1, day(2, 17, 27), "Great. The emergency entrance is on Alder Street."),
            from_customer(day(1, 12, 3), "You can't even see it any more, thank you so much!!"),
        ],
    },
    DemoConversation {
        number: "+12535550161",
        line: 0,
        messages: &[from_customer(
            ago(48),
            "Is this Harbor Dental? My daughter has a toothache, do you see children? She is 5",
        )],
    },
];

pub(super) const TIDEWATER_PHYSIO: &[DemoConversation] = &[
    conversation_with(
        "+61491570156",
        &[
            from_staff(0, day(15, 8, 30), "Hi Liam, Josie from Tidewater. How is the knee after the first session?"),
            from_customer(day(15, 9, 12), "Better than expected! Stairs are still hard though"),
            from_staff(
                0,
                day(15, 9, 20),
                "Normal at this stage. Keep up the wall sits, 3 x 30 seconds, and no running yet please.",
            ),
            from_customer(day(9, 18, 2), "Did the exercises all week. Can I start jogging?"),
            from_staff(0, day(8, 8, 4), "Let's look at it together at your next session before you do."),
            from_customer(ago(7), "Can we move tomorrow to 4 pm?"),
        ],
    ),
    conversation_with(
        "+61491570157",
        &[
            from_staff(1, day(10, 10, 0), "Hi Chloe, reminder of your appointment tomorrow at 9:15 with Tom."),
            from_customer(day(10, 10, 45), "Thanks Tom, I'll be there"),
            from_staff(
                1,
                day(5, 15, 10),
                "Here is the stretch we talked about: pull the heel to the seat, 30 seconds each side, twice a day.",
            ),
            from_customer(day(5, 15, 40), "Got it 🙏"),
        ],
    ),
    conversation_with(
        "+61491570158",
        &[
            from_customer(day(3, 12, 30), "你好,请问明天下午还有空位吗?"),
            from_staff(0, day(3, 12, 48), "您好!明天下午三点半可以吗?"),
            from_customer(day(3, 12, 50), "可以,谢谢!"),
            from_staff(0, day(3, 12, 51), "好的,明天见。"),
        ],
    ),
    conversation_with(
        "+61491570159",
        &[
            from_staff(1, day(21, 9, 5), "Hi Ruby, your insurer has approved six more sessions. Same time on Mondays?"),
            from_customer(day(21, 9, 50), "Yes please, Mondays 7:30"),
            from_staff(1, day(21, 9, 52), "All booked in until the new year."),
            from_customer(ago(180), "Hi Tom, stuck in traffic on the bridge, be there in 20"),
            from_staff(1, ago(176), "No worries, drive safely."),
        ],
    ),
];
