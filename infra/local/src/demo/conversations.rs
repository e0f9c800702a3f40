//! What customers and staff said, as it might have been.

pub(super) struct Conversation {
    pub(super) number: &'static str,
    /// Which of the company's lines.
    pub(super) line: usize,
    pub(super) said: &'static [Said],
}

pub(super) struct Said {
    pub(super) by: By,
    pub(super) when: When,
    pub(super) text: &'static str,
}

#[derive(Clone, Copy)]
pub(super) enum By {
    Customer,
    /// Which of the company's staff.
    Staff(usize),
}

#[derive(Clone, Copy)]
pub(super) enum When {
    MinutesAgo(u64),
    /// Days ago, at an hour and a minute where the company is.
    DaysAgo(u64, u64, u64),
}

const fn them(when: When, text: &'static str) -> Said {
    Said { by: By::Customer, when, text }
}

const fn us(staff: usize, when: When, text: &'static str) -> Said {
    Said { by: By::Staff(staff), when, text }
}

const fn day(days: u64, hour: u64, minute: u64) -> When {
    When::DaysAgo(days, hour, minute)
}

const fn ago(minutes: u64) -> When {
    When::MinutesAgo(minutes)
}

const fn with(number: &'static str, said: &'static [Said]) -> Conversation {
    Conversation { number, line: 0, said }
}

pub(super) const HARBOR_DENTAL: &[Conversation] = &[
    with(
        "+14255550182",
        &[
            us(
                0,
                day(23, 9, 2),
                "Hi Maria, this is Harbor Dental. You're due for a cleaning. Would you like us to find you a time?",
            ),
            them(day(23, 9, 40), "Yes please! Afternoons are best, any day but Wednesday"),
            us(0, day(23, 9, 52), "How about one with Dr. Osei in three weeks?"),
            them(day(23, 9, 55), "Perfect 👍"),
            us(0, day(23, 9, 57), "You're booked. We'll text you a reminder the day before."),
            us(
                2,
                day(1, 9, 2),
                "Reminder from Harbor Dental: your cleaning is tomorrow. Reply here if anything has changed.",
            ),
            them(day(1, 9, 20), "Thanks, see you tomorrow"),
            them(ago(2), "Running 10 min late, ok?"),
        ],
    ),
    with(
        "+12535550119",
        &[
            us(1, day(12, 14, 31), "Hi Sam, your night guard has come in. You can pick it up any weekday from 8 to 5."),
            them(day(12, 15, 5), "Great, I'll come by Friday before work"),
            us(1, day(12, 15, 8), "See you Friday. We open at 8."),
            them(day(8, 10, 12), "It rubs a little on the left side. Is that normal?"),
            us(
                2,
                day(8, 10, 26),
                "A bit of pressure is normal for the first week. If it still rubs on Monday, come in and we'll adjust it, no charge.",
            ),
            them(ago(14), "Still rubbing. Could I come in today or tomorrow?"),
        ],
    ),
    with(
        "+12065550126",
        &[
            them(day(6, 11, 3), "Hello, do you take Delta Dental insurance?"),
            us(0, day(6, 11, 9), "We do. Bring your card to the first visit and we'll take care of the rest."),
            them(day(6, 11, 14), "Wonderful. I'd like to book a check-up for me and my son (7)"),
            us(0, day(6, 11, 21), "Happy to! Saturday the 28th: 9:30 for you and 10:00 for your son?"),
            them(day(6, 11, 30), "Yes, both please"),
            us(0, day(6, 11, 32), "Done. Looking forward to meeting you both."),
        ],
    ),
    with(
        "+13605550174",
        &[
            us(2, day(17, 8, 45), "Good morning Mr. Brandt, how is the tooth after yesterday's filling?"),
            them(day(17, 12, 10), "A little sore when I drink something cold, otherwise fine"),
            us(2, day(17, 12, 24), "That should pass within a few days. Call or text us if it gets worse."),
            them(day(3, 16, 48), "All good now. Thank you for asking"),
            us(2, day(3, 16, 50), "Glad to hear it!"),
        ],
    ),
    with(
        "+14255550137",
        &[
            us(
                1,
                day(4, 9, 0),
                "Hi Aisha, we have an opening this Friday at 11:15 if you'd like to come earlier than the 9th.",
            ),
            them(day(4, 9, 34), "Friday doesn't work, sorry. Is there anything next week?"),
            us(1, day(4, 9, 41), "Tuesday 10:30 or Thursday 1:45?"),
            them(day(4, 9, 47), "Thursday 1:45 please"),
            us(1, day(4, 9, 48), "Thursday at 1:45 it is."),
            them(ago(95), "هل يمكنني إحضار ابنتي معي يوم الخميس؟"),
        ],
    ),
    with(
        "+15095550158",
        &[
            us(0, day(20, 13, 5), "Hi Ben, we missed you at your check-up this morning. Shall we find another time?"),
            them(day(20, 13, 30), "STOP"),
        ],
    ),
    Conversation {
        number: "+12065550193",
        line: 1,
        said: &[
            them(
                day(2, 17, 22),
                "Hi, I chipped a front tooth playing basketball. It doesn't hurt but looks bad. What should I do?",
            ),
            us(
                1,
                day(2, 17, 25),
                "Sorry to hear that, Tyler. Keep the piece in milk if you have it. Can you come at 8:00 tomorrow morning?",
            ),
            them(day(2, 17, 26), "I'll be there. I have the piece"),
            us(1, day(2, 17, 27), "Great. The emergency entrance is on Alder Street."),
            them(day(1, 12, 3), "You can't even see it any more, thank you so much!!"),
        ],
    },
    Conversation {
        number: "+12535550161",
        line: 0,
        said: &[them(ago(48), "Is this Harbor Dental? My daughter has a toothache, do you see children? She is 5")],
    },
];

pub(super) const TIDEWATER_PHYSIO: &[Conversation] = &[
    with(
        "+61491570156",
        &[
            us(0, day(15, 8, 30), "Hi Liam, Josie from Tidewater. How is the knee after the first session?"),
            them(day(15, 9, 12), "Better than expected! Stairs are still hard though"),
            us(
                0,
                day(15, 9, 20),
                "Normal at this stage. Keep up the wall sits, 3 x 30 seconds, and no running yet please.",
            ),
            them(day(9, 18, 2), "Did the exercises all week. Can I start jogging?"),
            us(0, day(8, 8, 4), "Let's look at it together at your next session before you do."),
            them(ago(7), "Can we move tomorrow to 4 pm?"),
        ],
    ),
    with(
        "+61491570157",
        &[
            us(1, day(10, 10, 0), "Hi Chloe, reminder of your appointment tomorrow at 9:15 with Tom."),
            them(day(10, 10, 45), "Thanks Tom, I'll be there"),
            us(
                1,
                day(5, 15, 10),
                "Here is the stretch we talked about: pull the heel to the seat, 30 seconds each side, twice a day.",
            ),
            them(day(5, 15, 40), "Got it 🙏"),
        ],
    ),
    with(
        "+61491570158",
        &[
            them(day(3, 12, 30), "你好,请问明天下午还有空位吗?"),
            us(0, day(3, 12, 48), "您好!明天下午三点半可以吗?"),
            them(day(3, 12, 50), "可以,谢谢!"),
            us(0, day(3, 12, 51), "好的,明天见。"),
        ],
    ),
    with(
        "+61491570159",
        &[
            us(1, day(21, 9, 5), "Hi Ruby, your insurer has approved six more sessions. Same time on Mondays?"),
            them(day(21, 9, 50), "Yes please, Mondays 7:30"),
            us(1, day(21, 9, 52), "All booked in until the new year."),
            them(ago(180), "Hi Tom, stuck in traffic on the bridge, be there in 20"),
            us(1, ago(176), "No worries, drive safely."),
        ],
    ),
];
