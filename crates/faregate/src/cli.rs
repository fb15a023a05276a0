//! The command line as it is parsed.

use clap::{Parser, Subcommand};

#[cfg(feature = "demo")]
use crate::commands::demo;
use crate::commands::{
    account, adopt, audit, call, check, clock, codes, doctor, explain, fault, feedback, identity,
    init, key, keyring, ledger, maintenance, migrate, module, policy, quota, reload, resources,
    scenario, serve, shell, sign, store, upstream,
};
use crate::exit::Failure;

/// The front door of a cloud API: signatures, replays, quotas, money, one error contract.
#[derive(Debug, Parser)]
#[command(
    name = "faregate",
    version,
    before_help = "Examples:\n  faregate demo\n  faregate call cvm DescribeInstances limit=5",
    after_help = "Exit codes: 0 ok, 1 unexpected, 2 usage, 3 invalid configuration, 4 verification failed,\n\
                  5 unreachable, 6 timeout, 10/11/12 `call` answered 4xxx/5xxx/6xxx,\n\
                  130 Ctrl-C, 143 SIGTERM; a gateway that was told to stop ends with 0.",
    arg_required_else_help = true,
    subcommand_required = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One variant a command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    Serve(serve::Serve),
    Init(init::Init),
    Check(check::Check),
    Doctor(doctor::Doctor),
    Adopt(adopt::Adopt),
    Reload(reload::Reload),
    Status(reload::Status),
    #[command(subcommand)]
    Upstream(upstream::Upstream),
    Call(call::Call),
    Sign(sign::Sign),
    Explain(explain::Explain),
    Codes(codes::Codes),
    #[command(subcommand)]
    Account(account::Account),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Policy(policy::Policy),
    #[command(subcommand)]
    Quota(quota::Quota),
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    #[command(subcommand)]
    Identity(identity::Identity),
    #[command(subcommand)]
    Resources(resources::Resources),
    #[command(subcommand)]
    Maintenance(maintenance::Maintenance),
    #[command(subcommand)]
    Module(module::Module),
    #[command(subcommand)]
    Audit(audit::Audit),
    Migrate(migrate::Migrate),
    #[command(subcommand)]
    Store(store::Store),
    #[command(subcommand)]
    Keyring(keyring::Keyring),
    Completion(shell::Completion),
    Man(shell::Man),
    #[command(subcommand)]
    Fault(fault::Fault),
    Clock(clock::Clock),
    #[command(subcommand)]
    Feedback(feedback::Feedback),
    #[command(subcommand)]
    Scenario(scenario::ScenarioCommand),
    #[cfg(feature = "demo")]
    #[command(name = "__compute", hide = true)]
    Compute(demo::compute::Compute),
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            #[cfg(feature = "demo")]
            Self::Demo(demo) => demo.run(),
            Self::Serve(serve) => serve.run(),
            Self::Init(init) => init.run(),
            Self::Check(check) => check.run(),
            Self::Doctor(doctor) => doctor.run(),
            Self::Adopt(adopt) => adopt.run(),
            Self::Reload(reload) => reload.run(),
            Self::Status(status) => status.run(),
            Self::Upstream(upstream) => upstream.run(),
            Self::Call(call) => call.run(),
            Self::Sign(sign) => sign.run(),
            Self::Explain(explain) => explain.run(),
            Self::Codes(codes) => codes.run(),
            Self::Account(account) => account.run(),
            Self::Key(key) => key.run(),
            Self::Policy(policy) => policy.run(),
            Self::Quota(quota) => quota.run(),
            Self::Ledger(ledger) => ledger.run(),
            Self::Identity(identity) => identity.run(),
            Self::Resources(resources) => resources.run(),
            Self::Maintenance(maintenance) => maintenance.run(),
            Self::Module(module) => module.run(),
            Self::Audit(audit) => audit.run(),
            Self::Migrate(migrate) => migrate.run(),
            Self::Store(store) => store.run(),
            Self::Keyring(keyring) => keyring.run(),
            Self::Completion(completion) => completion.run(),
            Self::Man(man) => man.run(),
            Self::Fault(fault) => fault.run(),
            Self::Clock(clock) => clock.run(),
            Self::Feedback(feedback) => feedback.run(),
            Self::Scenario(scenario) => scenario.run(),
            #[cfg(feature = "demo")]
            Self::Compute(compute) => compute.run(),
        }
    }
}
