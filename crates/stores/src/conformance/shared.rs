//! The whole suite on PostgreSQL and Redis, and what only they can get wrong.

use super::servers::Servers;
use super::{
    ON_SHARED, accounts, admin, chain, ledger, nonces, orders, policies, quotas, refunds,
    resources, users,
};

/// Every test of the suite that is not about the embedded home's own files.
#[rustfmt::skip]
const SUITE: &[(&str, fn())] = &[
    ("what is lent is known to its borrower until it is given back away or taken back", resources::what_is_lent_is_known_to_its_borrower_until_it_is_given_back_away_or_taken_back),
    ("a key opens with its account and unknown ones are none", accounts::a_key_opens_with_its_account_and_unknown_ones_are_none),
    ("what the operator changes is seen without a restart", accounts::what_the_operator_changes_is_seen_without_a_restart),
    ("switches are put over each other and removed", accounts::switches_are_put_over_each_other_and_removed),
    ("what cannot be is refused and changes nothing", accounts::what_cannot_be_is_refused_and_changes_nothing),
    ("a hold ends once whoever says so", ledger::a_hold_ends_once_whoever_says_so),
    ("nothing is held beyond the balance twice or in another currency", ledger::nothing_is_held_beyond_the_balance_twice_or_in_another_currency),
    ("bytes that were never sent may come again and sent ones not", ledger::bytes_that_were_never_sent_may_come_again_and_sent_ones_not),
    ("sixty four at once with money for ten get exactly ten", ledger::sixty_four_at_once_with_money_for_ten_get_exactly_ten),
    ("a restart gives back the unsent and doubts the sent", ledger::a_restart_gives_back_the_unsent_and_doubts_the_sent),
    ("only positive money of the accounts currency comes in", ledger::only_positive_money_of_the_accounts_currency_comes_in),
    ("a nonce is spent once per key and stamp and never twice in a row", nonces::a_nonce_is_spent_once_per_key_and_stamp_and_never_twice_in_a_row),
    ("the last nonce is asked only where it is wanted", nonces::the_last_nonce_is_asked_only_where_it_is_wanted),
    ("of copies that race one is new", nonces::of_copies_that_race_one_is_new),
    ("the first answer that is kept stays whoever finds out next", orders::the_first_answer_that_is_kept_stays_whoever_finds_out_next),
    ("of what there is the first items of a batch have theirs", orders::of_what_there_is_the_first_items_of_a_batch_have_theirs),
    ("a clock that was set back locks nobody out", quotas::a_clock_that_was_set_back_locks_nobody_out),
    ("a cell that refuses takes from none and spends no nonce", quotas::a_cell_that_refuses_takes_from_none_and_spends_no_nonce),
    ("copies of a spent claim cost nothing", quotas::copies_of_a_spent_claim_cost_nothing),
    ("a burst passes and then the rate does", quotas::a_burst_passes_and_then_the_rate_does),
    ("a resource is absent then owned then returned", resources::a_resource_is_absent_then_owned_then_returned),
    ("what an answer taught is kept with the money or not at all", resources::what_an_answer_taught_is_kept_with_the_money_or_not_at_all),
    ("the operator adopts what nobody owns", resources::the_operator_adopts_what_nobody_owns),
    ("every change is written down and what is refused leaves nothing", admin::every_change_is_written_down_and_what_is_refused_leaves_nothing),
    ("an account is closed for good and a key is deleted once it is disabled", admin::an_account_is_closed_for_good_and_a_key_is_deleted_once_it_is_disabled),
    ("money is judged once and the books say why", admin::money_is_judged_once_and_the_books_say_why),
    ("resources are imported once listed in order and moved", admin::resources_are_imported_once_listed_in_order_and_moved),
    ("votes are kept found by their receipts and answered", admin::votes_are_kept_found_by_their_receipts_and_answered),
    ("what an account has of its own comes with its keys", admin::what_an_account_has_of_its_own_comes_with_its_keys),
    ("operators who write at once wait for each other", admin::operators_who_write_at_once_wait_for_each_other),
    ("a policy limits a key from the next second on until it is let go of", policies::a_policy_limits_a_key_from_the_next_second_on_until_it_is_let_go_of),
    ("calls under way are counted until they are over by whatever way", quotas::calls_under_way_are_counted_until_they_are_over_by_whatever_way),
    ("totals addresses and rates give all or nothing and are made new together", quotas::totals_addresses_and_rates_give_all_or_nothing_and_are_made_new_together),
    ("of two returns of one purchase one is paid and only if it was done", refunds::of_two_returns_of_one_purchase_one_is_paid_and_only_if_it_was_done),
    ("a user may what its policies and those of its groups allow and one of its name begins anew", users::a_user_may_what_its_policies_and_those_of_its_groups_allow_and_one_of_its_name_begins_anew),
    ("what comes after a key and what it asks for is under what the key is under", users::what_comes_after_a_key_and_what_it_asks_for_is_under_what_the_key_is_under),
    ("credit is spent a cap ends a day and a correction takes no more than there is", chain::credit_is_spent_a_cap_ends_a_day_and_a_correction_takes_no_more_than_there_is),
];

/// In one test, so that the servers are started once.
#[test]
fn the_whole_suite_passes_on_postgresql_and_redis() {
    ON_SHARED.set(Some((std::rc::Rc::new(Servers::start()), 0)));
    for (what, test) in SUITE {
        let passed = std::panic::catch_unwind(test);
        assert!(passed.is_ok(), "on the shared home: {what}");
    }
    ON_SHARED.set(None);
}
