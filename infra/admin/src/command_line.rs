//! The command line: commands, arguments, options and their help texts.

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use domain::{CompanyId, ContactDetails, InvalidLogin, Login, Pool, Region, StaffId, TimeZone};

/// Manage the companies, lines and staff of a Switchboard stack, and check the stack.
///
/// Works on the stack `switchboard` in the AWS account and region that the AWS CLI would use, unless options name
/// another.
#[derive(Parser)]
#[command(name = "switchboard-admin", version)]
#[command(
    after_help = "Exit codes: 0 for success; 1 if the command is refused or fails, or `doctor` finds a fault; 2 for an \
                  invalid command line."
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) place: TargetOptions,
    /// Print JSON, for programs.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Do not ask for confirmation before removing, erasing or restoring.
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct TargetOptions {
    /// The name of the CloudFormation stack. Default: `switchboard`.
    #[arg(long, global = true, value_name = "NAME")]
    stack: Option<String>,
    /// A profile of the AWS configuration.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The AWS region of the stack.
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) aws_region: Option<String>,
    /// Use the local stack, as `cargo run` starts it, instead of a deployed one.
    #[arg(
        long,
        global = true,
        value_name = "ADDRESS",
        num_args = 0..=1,
        // Without this, clap would take the command that follows `--local` for the address.
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

    /// Returns whether the options name both the local and a deployed stack.
    ///
    /// clap detects this conflict only between options on the same side of the command.
    fn is_two(&self) -> bool {
        self.local.is_some() && (self.stack.is_some() || self.profile.is_some() || self.aws_region.is_some())
    }
}

impl CommandLine {
    /// Parses the arguments of the process. Exits with an error message if they are not valid.
    pub(crate) fn read() -> Self {
        let command_line = Self::parse();
        if command_line.place.is_two() {
            let says = "--local cannot be combined with --stack, --profile or --aws-region";
            Self::command().error(ErrorKind::ArgumentConflict, says).exit();
        }
        command_line
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Manage companies.
    #[command(subcommand)]
    Company(CompanyCommand),
    /// Manage lines, the numbers that customers text.
    #[command(subcommand)]
    Line(LineCommand),
    /// Manage staff, the people who sign in to the portal.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Export or erase the data held about one customer of a company.
    #[command(subcommand)]
    Customer(CustomerCommand),
    /// Manage API clients that keep a company's appointments in sync, such as its scheduling system.
    #[command(subcommand)]
    Program(ProgramCommand),
    /// Manage the keys that sign push notifications.
    #[command(subcommand)]
    PushKeys(PushKeysCommand),
    /// Manage the secret that CloudFront sends to the functions, so that requests cannot bypass CloudFront.
    #[command(subcommand)]
    OriginSecret(OriginSecretCommand),
    /// Put back lost items from a table that was restored to an earlier moment.
    Restore {
        /// The name of that table. Nothing is written to it.
        #[arg(long, value_name = "TABLE")]
        from: String,
        /// Also put back items that were changed since.
        #[arg(long)]
        overwrite: bool,
    },
    /// List the audit log, newest first. It has sign-ins and sign-outs, refused requests, exports and erasures of
    /// customer data, changed settings, and operators' commands.
    Audit {
        /// Entries of this company. Default: entries that concern no single company, such as changes of the push keys.
        #[arg(long)]
        company: Option<CompanyId>,
        /// The maximum number of entries.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Check the configuration of a running stack, and say what to fix.
    Doctor,
}

impl Command {
    /// Returns the audit log entry of this command: its name, and the company that it concerns.
    ///
    /// `None` for commands that change nothing.
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
    /// Set the contact in the answer to HELP, where opt-outs are self-managed.
    Contact {
        /// The company's id.
        id: CompanyId,
        /// A phone number or an address, as customers should read it. Default: the line that they texted.
        contact: Option<ContactDetails>,
    },
    /// Remove a company and its lines. Remove its staff first, one by one.
    Remove {
        /// The company's id.
        id: CompanyId,
    },
}

#[derive(Args)]
pub(crate) struct NewCompany {
    /// An id of your choice: 1 to 40 of a-z, 0-9 and -. It cannot be changed later.
    pub(crate) id: CompanyId,
    /// The name that its staff see.
    #[arg(long, value_parser = name)]
    pub(crate) name: String,
    /// The region, such as US or AU. It decides how staff write and read phone numbers.
    #[arg(long, value_name = "CODE", value_parser = region)]
    pub(crate) region: Region,
    /// The time zone of its appointments, as an IANA name.
    #[arg(long, value_name = "AREA/CITY", value_parser = time_zone)]
    pub(crate) time_zone: TimeZone,
    /// The line for first messages: +12065550142, or as people of its region write it.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) line: String,
    /// A contact for its customers other than by text: a phone number or an address.
    #[arg(long)]
    pub(crate) contact: Option<ContactDetails>,
}

#[derive(Subcommand)]
pub(crate) enum LineCommand {
    /// Add a number that customers of a company text, or are called from.
    Add {
        /// +12065550142, or as people of the company's region write it.
        number: String,
        #[arg(long)]
        company: CompanyId,
        /// The number is one of Amazon Connect: customers are called from it, and do not text it.
        #[arg(long)]
        calls_only: bool,
        /// The pool of the SMS service that sends the line's texts, in place of the number itself.
        #[arg(long, conflicts_with = "calls_only")]
        pool: Option<Pool>,
    },
    /// Send the texts of a line from a pool of the SMS service, or without --pool from the number itself.
    SetPool {
        number: String,
        #[arg(long)]
        pool: Option<Pool>,
    },
    /// List the lines of all companies.
    List,
    /// Send a company's first messages from another of its lines.
    First { number: String },
    /// Remove a line. Texts to it are no longer received.
    Remove { number: String },
}

#[derive(Subcommand)]
pub(crate) enum CustomerCommand {
    /// Print all data held about a customer, as JSON: messages, calls and appointments.
    Export {
        /// +14255550182, or as people of the company's region write it.
        number: String,
        #[arg(long)]
        company: CompanyId,
    },
    /// Erase all data held about a customer, except the opt-out state.
    Erase {
        number: String,
        #[arg(long)]
        company: CompanyId,
    },
}

#[derive(Subcommand)]
pub(crate) enum StaffCommand {
    /// Add a person who may sign in for a company.
    Add(NewMember),
    /// List the staff of all companies, or of one.
    List {
        #[arg(long)]
        company: Option<CompanyId>,
    },
    /// Make a member of staff an administrator. Administrators see the audit log of each customer, and may export or
    /// erase a customer's data.
    Administers {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
        /// Take the role away.
        #[arg(long)]
        no_longer: bool,
    },
    /// Remove a member of staff. Their sessions end within a minute.
    Remove {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
    },
    /// End all sessions of a member of staff within a minute. They may sign in again.
    SignOut {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
    },
    /// Let a login be used by another account at the identity provider. From its first use on, a login is for one
    /// subject of one issuer. Unpin it when the account was created again there, or when the provider was changed.
    Unpin {
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
    },
}

#[derive(Subcommand)]
pub(crate) enum ProgramCommand {
    /// Add an API client, and print its token. `staff list` lists it, `staff remove` removes it.
    Add {
        /// An id of your choice, unique among the company's staff: 1 to 40 of a-z, 0-9 and -.
        id: StaffId,
        #[arg(long)]
        company: CompanyId,
        /// The name that staff see when it changes an appointment.
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
    /// Create the first key. Without it, notifications cannot be turned on.
    Create {
        /// The contact for push services: mailto:it@example.com, or an https address. Default: the portal's address.
        #[arg(long, value_name = "ADDRESS")]
        contact: Option<String>,
    },
    /// Create a new key. A browser that knows an earlier key is notified with it until its user next opens the portal.
    Rotate,
    /// Change the contact for push services. The keys stay, and browsers do not notice.
    Contact {
        /// mailto:it@example.com, or an https address.
        address: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum OriginSecretCommand {
    /// Create a new secret. Deploy within an hour, so that CloudFront sends it: the earlier one is valid until then.
    Rotate,
}

#[derive(Args)]
pub(crate) struct NewMember {
    /// An id of your choice, unique in the company: 1 to 40 of a-z, 0-9 and -.
    pub(crate) id: StaffId,
    #[arg(long)]
    pub(crate) company: CompanyId,
    /// The name that colleagues see.
    #[arg(long, value_parser = name)]
    pub(crate) name: String,
    /// Make them an administrator: they see the audit log of each customer, and may export or erase a customer's data.
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
    /// The subject (`sub`) of the account at the identity provider.
    #[arg(long, value_parser = subject)]
    subject: Option<Login>,
}

impl LoginOptions {
    /// Returns the login. It is never `None`: clap requires one of the two options.
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
        .map_err(|_| "write the ISO 3166 code of a country, such as US or AU (--aws-region sets the AWS region)")
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
