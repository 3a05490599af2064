"""Every attack we know, and the tests that make it: what a reader looks up, and a test keeps true.

A test is ``path::name``. Those called ``…noted`` also read in the security log who did it.
"""

from __future__ import annotations

ATTACKS: dict[str, tuple[str, ...]] = {
    "another team's id in a path": (
        "tests/attacks/test_across_teams.py::test_another_teams_team_and_artifact_and_log_are_not_found_and_it_is_noted_by_whom",
        "tests/server/test_files_api.py::test_another_teams_artifact_and_none_at_all_look_the_same",
    ),
    "another team's id in an argument or a body": (
        "tests/graphql_api/test_permission_matrix.py::test_another_teams_things_are_not_found_by_its_ids",
        "tests/attacks/test_across_teams.py::test_another_teams_id_in_a_body_is_not_found",
        "tests/attacks/test_across_teams.py::test_another_teams_ids_filter_to_nothing",
        "tests/attacks/test_across_teams.py::test_bytes_that_another_team_uploaded_are_not_had_by_their_hash",
    ),
    "another team's things in a subscription": (
        "tests/graphql_api/test_permission_matrix.py::test_a_subscription_is_denied_and_apart_as_everything_else",
        "tests/graphql_api/test_following.py::test_another_team_is_told_nothing",
    ),
    "what an access rule hides, by any door": (
        "tests/graphql_api/test_access_rules.py::test_what_a_rule_hides_is_not_found",
        "tests/graphql_api/test_access_rules.py::test_lists_counts_feed_log_and_files_leave_out_what_is_hidden",
        "tests/server/test_notifying.py::test_what_an_access_rule_hides_is_told_to_the_team_and_not_to_that_person",
    ),
    "the token of another job": (
        "tests/attacks/test_across_teams.py::test_the_token_of_a_job_reaches_nothing_but_its_own_job",
        "tests/server/test_node_api.py::test_a_token_opens_nothing_long_after_its_job",
        "tests/server/test_node_api.py::test_the_token_of_one_attempt_does_not_write_for_another",
        "tests/server/test_node_api.py::test_a_job_reads_its_own_files_and_its_teams_artifacts_and_no_others",
    ),
    "a viewer and an auditor who touch": (
        "tests/attacks/test_secrets_stay.py::test_a_viewer_sees_and_touches_nothing",
        "tests/attacks/test_secrets_stay.py::test_an_auditor_reads_the_log_and_writes_nothing",
    ),
    "a limited token that wants more": (
        "tests/graphql_api/test_permission_matrix.py::test_a_token_that_reads_changes_nothing",
        "tests/accounts/test_service_accounts.py::test_a_scope_allows_what_it_says_and_never_makes_anything_unlimited",
    ),
    "cross-site request forgery": (
        "tests/graphql_api/test_attacks.py::test_a_cookie_alone_does_not_act_for_a_foreign_page",
        "tests/graphql_api/test_attacks.py::test_other_content_types_and_gets_are_refused",
        "tests/ui/test_session.py::test_a_form_sent_by_another_site_is_refused",
        "tests/ui/browsing/test_identity.py::test_linking_needs_a_form_of_this_site",
        "tests/attacks/test_origins.py::test_a_foreign_page_is_refused_and_noted",
    ),
    "a socket opened by another site": (
        "tests/graphql_api/test_following.py::test_a_foreign_page_opens_no_socket",
        "tests/ui/test_session.py::test_a_socket_opened_by_another_site_is_refused",
        "tests/attacks/test_origins.py::test_a_socket_of_a_foreign_page_is_refused_and_noted",
    ),
    "session fixation": (
        "tests/attacks/test_credentials.py::test_a_session_is_never_the_one_that_was_brought_along",
        "tests/ui/browsing/test_accounts.py::test_signing_in_again_ends_the_session_this_browser_had",
    ),
    "brute force": (
        "tests/attacks/test_credentials.py::test_guessing_a_password_is_slowed_down_and_noted",
        "tests/accounts/test_sessions.py::test_a_guesser_is_slowed_down_whether_or_not_the_address_has_an_account",
        "tests/accounts/test_sessions.py::test_several_web_processes_count_together_even_for_tries_sent_at_once",
        "tests/accounts/test_sessions.py::test_one_network_address_is_slowed_down_over_many_accounts",
        "tests/accounts/test_cli_login.py::test_guessing_codes_is_slowed_down",
    ),
    "finding out who has an account": (
        "tests/attacks/test_credentials.py::test_an_unknown_address_takes_as_long_as_a_wrong_password",
        "tests/ui/test_session.py::test_an_unknown_person_and_a_wrong_password_get_the_same_answer",
        "tests/accounts/test_mail.py::test_an_unknown_address_is_answered_the_same_and_gets_no_mail",
    ),
    "ID tokens: issuer, audience, nonce, times, subject": (
        "tests/accounts/test_identities.py::test_a_token_that_says_something_wrong_is_refused",
        "tests/accounts/test_identities.py::test_an_answer_that_names_another_issuer_is_refused",
    ),
    "ID tokens: alg none, HMAC with the public key, a stranger's key": (
        "tests/accounts/test_identities.py::test_a_token_that_is_signed_wrongly_is_refused",
    ),
    "OIDC: state and code used again or elsewhere": (
        "tests/accounts/test_identities.py::test_a_state_and_a_code_are_good_once_and_for_their_own_flow",
        "tests/accounts/test_identities.py::test_a_code_of_another_flow_is_not_redeemed",
        "tests/ui/browsing/test_identity.py::test_an_answer_counts_in_the_browser_that_asked_and_once",
    ),
    "taking over an account by an address": (
        "tests/accounts/test_identities.py::test_an_address_the_issuer_does_not_vouch_for_finds_nothing",
        "tests/accounts/test_identities.py::test_an_account_whose_address_was_never_confirmed_is_linked_by_its_own_person_alone",
    ),
    "an invitation or a link used again": (
        "tests/attacks/test_credentials.py::test_an_invitation_opens_once_and_more_is_noted",
        "tests/graphql_api/test_invitations.py::test_a_withdrawn_a_resent_and_an_expired_link_open_nothing",
        "tests/accounts/test_sessions.py::test_of_two_who_hold_a_sign_in_link_one_gets_in",
        "tests/attacks/test_credentials.py::test_no_credential_of_another_kind_is_one",
    ),
    "open redirect": (
        "tests/ui/test_session.py::test_only_paths_of_this_site_are_gone_on_to",
        "tests/ui/browsing/test_identity.py::test_nobody_is_sent_to_another_site",
    ),
    "SSRF by a webhook": (
        "tests/server/test_reachable.py::test_no_spelling_of_an_inner_address_is_sent_to",
        "tests/server/test_reachable.py::test_one_inner_address_among_public_ones_spoils_the_name",
        "tests/server/test_reachable.py::test_what_was_judged_is_what_is_connected_to",
    ),
    "SSRF and commands by a git address": (
        "tests/application/test_sources.py::test_a_host_in_a_private_network_is_asked_nothing",
        "tests/application/test_sources.py::test_no_spelling_of_this_machine_is_asked",
        "tests/application/test_sources.py::test_what_was_judged_is_what_is_connected_to_and_no_redirection_is_followed",
        "tests/application/test_sources.py::test_a_dangerous_address_is_refused",
    ),
    "path traversal in uploads and artifacts": (
        "tests/attacks/test_paths.py::test_a_file_outside_its_folder_is_no_part_of_a_task_and_noted",
        "tests/server/test_node_api.py::test_a_hostile_name_reaches_no_file",
        "tests/lab/test_wrapper.py::test_a_file_outside_the_working_directory_is_refused",
        "tests/lab/test_cli.py::test_a_download_stays_in_its_folder",
    ),
    "path traversal and links in archives": (
        "tests/attacks/test_paths.py::test_an_archive_that_leads_outside_is_refused_by_its_member_and_noted",
        "tests/application/test_archives.py::test_an_archive_that_leads_outside_is_refused",
        "tests/application/test_archives.py::test_a_link_or_device_in_an_archive_is_refused",
        "tests/application/test_task_files.py::test_a_link_that_leads_outside_is_refused",
    ),
    "zip bombs and bodies without end": (
        "tests/attacks/test_paths.py::test_a_zip_bomb_is_refused_with_its_limit_and_noted",
        "tests/application/test_archives.py::test_an_archive_that_unfolds_to_too_much_is_refused",
        "tests/application/test_archives.py::test_a_tar_whose_headers_unfold_without_end_is_refused",
        "tests/application/test_archives.py::test_a_zip_packed_so_that_one_read_unfolds_without_bound_is_refused",
        "tests/server/test_node_api.py::test_a_gzip_bomb_is_refused_before_it_unfolds",
        "tests/server/test_node_api.py::test_a_body_past_the_limit_is_refused",
        "tests/graphql_api/test_attacks.py::test_too_large_a_body_is_refused",
    ),
    "GraphQL: depth, aliases, tokens, cost, circles, CVE-2026-47707": (
        "tests/attacks/test_documents.py::test_a_document_that_is_too_much_is_refused_at_once",
        "tests/graphql_api/test_attacks.py::test_documents_above_a_limit_are_refused_quickly",
    ),
    "GraphQL: batches": (
        "tests/attacks/test_documents.py::test_a_batch_that_is_too_long_is_refused_and_noted",
    ),
    "strings that want to be SQL, HTML, terminal codes": (
        "tests/graphql_api/test_attacks.py::test_hostile_strings_are_answered_and_never_a_fault",
    ),
    "getting at secrets": (
        "tests/attacks/test_secrets_stay.py::test_no_question_and_no_page_of_the_log_answers_with_a_value",
        "tests/server/test_custody.py::test_people_erased_under_load_are_found_in_no_table_and_no_export",
        "tests/acceptance/test_canaries.py::test_planted_secrets_are_found_nowhere",
        "tests/graphql_api/test_attacks.py::test_refusals_do_not_repeat_what_was_sent_in_the_log",
    ),
}
