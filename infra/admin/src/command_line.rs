//! What can be asked for, and how it is written.

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use domain::{CompanyId, ContactDetails, InvalidLogin, Login, Pool, Region, StaffId, TimeZone};

/// Companies, lines and staff of a Switchboard stack, and whether the stack is in order.
///
/// Works on the stack `switchboard` of the AWS account and region that the AWS CLI would use, unless
/// told otherwise.
#[derive(Parser)]
#[command(name = "switchboard-admin", version)]
#[command(
    after_help = "Ends with 0 when it is done, 1 when it was refused or failed, and 2 when it was not understood."
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) place: TargetOptions,
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Remove, and whatever else is asked about, without asking.
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct TargetOptions {
    /// The name of the CloudFormation stack; `switchboard` if it is left out.
    #[arg(long, global = true, value_name = "NAME")]
    stack: Option<String>,
    /// A profile of the AWS configuration.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The AWS region of the stack.
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) aws_region: Option<String>,
    /// The local stack, as `cargo run` starts it, instead of a deployed one.
    #[arg(
        long,
        global = true,
        value_name = "ADDRESS",
        num_args = 0..=1,
        // Otherwise the word after it, a command, would be taken for the address.
        require_equals = true,
        default_missing_value = "http://localhost:8080",
        value_parser = address
    )]
    pub(crate) local: Option<String>,
}

impl TargetOptions {
    pub(crate) fn stack(&self) -> &str {
        self.stack.as_deref().unwrap_or("switchboard")
    }

    /// Whether two stacks are named. clap sees that only of options that stand on the same side of the
    /// command.
    fn is_two(&self) -> bool {
        self.local.is_some() && (self.stack.is_some() || self.profile.is_some() || self.aws_region.is_some())
    }
}

impl CommandLine {
    /// Ends the process if it cannot be understood.
    pub(crate) fn read() -> Self {
        let command_line = Self::parse();
        if command_line.place.is_two() {
            let says = "--local is a stack of its own: it goes without --stack, --profile and --aws-region";
            Self::command().error(ErrorKind::ArgumentConflict, says).exit();
        }
        command_line
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Companies that talk with their customers.
    #[command(subcommand)]
    Company(CompanyCommand),
    /// Numbers that customers write to.
    #[command(subcommand)]
    Line(LineCommand),
    /// People who sign in to the portal.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// What is held of one customer of a company's.
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Programs that keep a company's appointments in step, such as its scheduling system.
    #[command(subcommand)]
    Program(ProgramCommand),
    /// The keys that notifications of browsers are signed with.
    #[command(subcommand)]
    PushKeys(PushKeysCommand),
    /// What CloudFront shows the functions, so that nobody goes around it.
    #[command(subcommand)]
    OriginSecret(OriginSecretCommand),
    /// Bring back what was lost, from a table that was restored to an earlier moment beside this one.
    Restore {
        /// The name of that table. It is only read.
        #[arg(long, value_name = "TABLE")]
        from: String,
        /// Put back what was changed since, too.
        #[arg(long)]
        overwrite: bool,
    },
    /// List who signed in and out, was refused, took or erased what is held of a customer, or changed settings, and what
    /// operators did. The newest first.
    Audit {
        /// Of this company; of what concerns none if it is left out, such as the push keys.
        #[arg(long)]
        company: Option<CompanyId>,
        /// As many as this at most.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Check a running stack's wiring, and say what is missing.
    Doctor,
}

impl Command {
    /// What the audit log notes when this was done: the command, and the company that it concerns. `None` for what changes
    /// nothing.
    pub(crate) fn audit_entry(&self) -> Option<(&'static str, Option<CompanyId>)> {
        let (command, company) = match self {
            Self::Company(CompanyCommand::Add(new)) => ("company add", Some(&new.id)),
            Self::Company(CompanyCommand::Contact { id, .. }) => ("company contact", Some(id)),
            Self::Company(CompanyCommand::Remove { id }) => ("company remove", Some(id)),
            Self::Line(LineCommand::Add { company, .. }) => ("line add", Some(company)),
            Self::Line(LineCommand::SetPool { .. }) => ("line set-pool", None),
            Self::Line(LineCommand::First { .. }) => ("line first", None),
            Self::Line(LineCommand::Remove { .. }) => ("line remove", None),
            Self::Staff(StaffCommand::Add(new)) => ("staff add", Some(&new.company)),
            Self::Staff(StaffCommand::Administers { company, .. }) => ("staff administers", Some(company)),
            Self::Staff(StaffCommand::Remove { company, .. }) => ("staff remove", Some(company)),
            Self::Staff(StaffCommand::SignOut { company, .. }) => ("staff sign-out", Some(company)),
            Self::Staff(StaffCommand::Unpin { company, .. }) => ("staff unpin", Some(company)),
            Self::Customer(CustomerCommand::Export { company, .. }) => ("customer export", Some(company)),
            Self::Customer(CustomerCommand::Erase { company, .. }) => ("customer erase", Some(company)),
            Self::Program(ProgramCommand::Add { company, .. }) => ("program add", Some(company)),
            Self::Program(ProgramCommand::Token { company, .. }) => ("program token", Some(company)),
            Self::PushKeys(PushKeysCommand::Create { .. }) => ("push-keys create", None),
            Self::PushKeys(PushKeysCommand::Rotate) => ("push-keys rotate", None),
            Self::PushKeys(PushKeysCommand::Contact { .. }) => ("push-keys contact", None),
            Self::OriginSecret(OriginSecretCommand::Rotate) => ("origin-secret rotate", None),
            Self::Restore { .. } => ("restore", None),
            Self::Company(CompanyCommand::List)
            | Self::Line(LineCommand::List)
            | Self::Staff(StaffCommand::List { .. })
            | Self::Audit { .. }
            | Self::Doctor => return None,
        };
        Some((command, company.cloned()))
    }
}

#[derive(Subcommand)]
pub(crate) enum CompanyCommand {
    /// Add a company with its first line.
    Add(NewCompany),
    /// List the companies.
    List,
    /// Say whom its customers turn to, for the answer to HELP where opt-outs are self-managed.
    Contact {
        /// The company's id.
        id: CompanyId,
        /// A phone number or an address, as customers are to read it. Without it, they read the line that they texted.
        contact: Option<ContactDetails>,
    },
    /// Remove a company and its lines. Its staff are removed first, one by one.
    Remove {
        /// The company's id.
        id: CompanyId,
    },
}

#[derive(Args)]
pub(crate) struct NewCompany {
    /// An id of your choice: 1 to 40 of a-z, 0-9 and -. It cannot be changed later.
    pub(crate) id: CompanyId,
    /// What its staff see it called.
    #[arg(long, value_parser = name)]
    pub(crate) name: String,
    /// Where it is, as US or AU: how its staff write and read phone numbers.
    #[arg(long, value_name = "CODE", value_parser = region)]
    pub(crate) region: Region,
    /// The time zone that it keeps its appointments in, by its IANA name.
    #[arg(long, value_name = "AREA/CITY", value_parser = time_zone)]
    pub(crate) time_zone: TimeZone,
    /// The number that it writes first from: +12065550142, or as people of its region write it.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) line: String,
    /// Whom its customers turn to other than by text: a phone number or an address.
    #[arg(long)]
    pub(crate) contact: Option<ContactDetails>,
}

#[derive(Subcommand)]
pub(crate) enum LineCommand {
    /// Add a number that customers of a company write to, or are called from.
    Add {
        /// +12065550142, or as people of the company's region write it.
        number: String,
        #[arg(long)]
        company: CompanyId,
        /// It is a number of Amazon Connect's that customers are called from, and nobody texts.
        #[arg(long)]
        calls_only: bool,
        /// The pool of the SMS service that its texts leave by, in place of the number itself.
        #[arg(long, conflicts_with = "calls_only")]
        pool: Option<Pool>,
    },
    /// Have the texts of a line leave by a pool of the SMS service, or without one by the number itself.
    SetPool {
        number: String,
        #[arg(long)]
        pool: Option<Pool>,
    },
    /// List the lines of all companies.
    List,
    /// Let a company write first from another of its lines.
    First { number: String },
    /// Remove a line: what customers text to it is not taken any more.
    Remove { number: String },
}

#[derive(Subcommand)]
pub(crate) enum CustomerCommand {
    /// Print all that is held of a customer, as JSON: everything that was said, calls and appointments.
    Export {
        /// +14255550182, or as people of the company's region write it.
        number: String,
        #[arg(long)]
        company: CompanyId,
    },
    /// Erase all that is held of a customer, but for whether they get texts.
    Erase {
        number: String,
        #[arg(long)]
        company: CompanyId,
    },
}

#[derive(Subcommand)]
pub(crate) enum StaffCommand {
    /// Add somebody who may sign in for a company.
    Add(NewMember),
    /// List the staff of all companies, or of one.
    List {
        #[arg(long)]
        company: Option<CompanyId>,
    },
    /// Make somebody an administrator: they see who did what about a customer, and may hand over or erase what is held.
    Administers {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
        /// Make them one no longer.
        #[arg(long)]
        no_longer: bool,
    },
    /// Remove somebody; their sessions end within a minute.
    Remove {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
    },
    /// End every session that somebody has, within a minute. They may sign in again.
    SignOut {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
    },
    /// Let somebody sign in whom the identity provider names anew: after an account was made again there, or the provider
    /// was changed. From its first use on a login is for one subject of one issuer.
    Unpin {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
    },
}

#[derive(Subcommand)]
pub(crate) enum ProgramCommand {
    /// Add one, and print the token that it asks with. `staff list` lists it, `staff remove` removes it.
    Add {
        /// An id of your choice, unique among the company's staff: 1 to 40 of a-z, 0-9 and -.
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
        /// Who changed an appointment, as staff see it.
        #[arg(long, value_parser = name)]
        name: String,
    },
    /// Print a new token, and end the earlier ones within a minute.
    Token {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
    },
}

#[derive(Subcommand)]
pub(crate) enum PushKeysCommand {
    /// Make the first one: without it nobody can turn notifications on.
    Create {
        /// Whom push services can reach about what is sent: mailto:it@example.com, or an https address. The
        /// portal's address, if it is left out.
        #[arg(long, value_name = "ADDRESS")]
        contact: Option<String>,
    },
    /// Make a new one. Browsers that know an earlier one are notified with that until they come again.
    Rotate,
    /// Change whom push services can reach. The keys stay, and browsers do not notice.
    Contact {
        /// mailto:it@example.com, or an https address.
        address: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum OriginSecretCommand {
    /// Make a new value. CloudFront has it after the next deployment, which must end within the hour: so long the earlier
    /// one counts.
    Rotate,
}

#[derive(Args)]
pub(crate) struct NewMember {
    /// An id of your choice, unique in the company: 1 to 40 of a-z, 0-9 and -.
    pub(crate) id: StaffId,
    #[arg(long)]
    pub(crate) company: CompanyId,
    /// What colleagues see them called.
    #[arg(long, value_parser = name)]
    pub(crate) name: String,
    /// They also see who did what about a customer, and may hand over or erase what is held.
    #[arg(long)]
    pub(crate) administrator: bool,
    #[command(flatten)]
    pub(crate) login: LoginOptions,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct LoginOptions {
    /// The email address that the identity provider has verified.
    #[arg(long, value_parser = email)]
    email: Option<Login>,
    /// The subject (`sub`) that the identity provider names them by.
    #[arg(long, value_parser = subject)]
    subject: Option<Login>,
}

impl LoginOptions {
    /// `None` never happens: the command line asks for one.
    pub(crate) fn login(self) -> Option<Login> {
        self.email.or(self.subject)
    }
}

fn email(text: &str) -> Result<Login, InvalidLogin> {
    Login::email(text)
}

fn subject(text: &str) -> Result<Login, InvalidLogin> {
    Login::subject(text)
}

fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let fits = (1..=80).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("a name is 1 to 80 characters, on one line") }
}

fn region(text: &str) -> Result<Region, &'static str> {
    text.to_ascii_uppercase()
        .parse()
        .map_err(|_| "write the ISO 3166 code of a region, such as US or AU (for AWS's region there is --aws-region)")
}

fn time_zone(text: &str) -> Result<TimeZone, &'static str> {
    text.parse().map_err(|_| "write the IANA name of a time zone, such as America/Los_Angeles or Australia/Sydney")
}

fn address(text: &str) -> Result<String, &'static str> {
    let address = text.strip_suffix('/').unwrap_or(text);
    let host = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"));
    let fits = host.is_some_and(|host| !host.is_empty() && !host.contains('/'));
    if fits { Ok(address.to_owned()) } else { Err("write an address such as http://localhost:8080") }
}
