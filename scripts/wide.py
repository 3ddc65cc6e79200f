#!/usr/bin/env python3
"""Prints docs/examples/completo.csv: a small site that fills every column of input_schema.md.

scripts/wide.py > docs/examples/completo.csv      # tests/it/wide.rs says which column is missing after a change of the schema
"""

import csv
import sys

COLLEAGUES = 'pablo.serrano@example.com|nuria.castro@example.com'  # they have calling before the job

LOCATIONS = [
    {
        'entity_key': 'sede-malaga', 'location_key': 'AGP-01', 'row_ref': 'L1', 'location_name': 'Málaga Centro', 'location_external_id': 'AGP-01',
        'time_zone': 'Europe/Madrid', 'preferred_language': 'es_es', 'announcement_language': 'es_es',
        'address_line1': 'Calle Larios, 5', 'address_line2': '3.ª planta', 'address_city': 'Málaga', 'address_state': 'Málaga',
        'address_postal_code': '29005', 'address_country': 'ES', 'notes': 'Centralita en la planta baja',
        'location_settings_main_number': '+34952000000', 'location_settings_caller_id_name': 'Málaga Centro',
        'location_settings_external_caller_id_name': 'Ejemplo Malaga', 'location_settings_announcement_language': 'en_us',
        'location_settings_announcement_language_existing': 'change',
        'location_settings_routing_prefix': '8029', 'location_settings_outside_dial_digit': '0',
        'location_settings_enforce_outside_dial_digit': 'true', 'location_settings_pstn_connection': 'LOCAL_GATEWAY',
        'location_settings_pstn_route_type': 'TRUNK', 'location_settings_pstn_route_name': 'Troncal Sur',
        'location_settings_unknown_extension_route_type': 'ROUTE_GROUP',
        'location_settings_unknown_extension_route_name': 'Grupo Sur',
        'location_settings_outgoing_permissions': 'INTERNATIONAL=AUTH_CODE|PREMIUM_SERVICES_I=ALLOW+transfer|NATIONAL=TRANSFER_NUMBER_1',
        'location_settings_numbers': '+34952000001|+34952000002|+34952000003', 'location_settings_number_state': 'ACTIVE',
    },
    {
        'location_key': 'ZAZ-02', 'row_ref': 'L2', 'location_name': 'Zaragoza Delicias', 'location_external_id': 'ZAZ-02',
        'time_zone': 'Europe/Madrid', 'preferred_language': 'es_es', 'announcement_language': 'es_es',
        'address_line1': 'Avenida de Madrid, 40', 'address_city': 'Zaragoza', 'address_state': 'Zaragoza',
        'address_postal_code': '50010', 'address_country': 'ES',
        'location_settings_pstn_connection': 'Sample Cloud PSTN', 'location_settings_numbers': '+34976000000|+34976000001',
        'location_settings_number_state': 'INACTIVE',
    },
]

# Each set of settings goes to one user row, and to the assignment row of the next person: nobody has a setting twice.
SETTINGS = [
    {
        'do_not_disturb_enabled': 'true', 'do_not_disturb_ring_splash_enabled': 'true',
        'do_not_disturb_webex_go_override_enabled': 'true', 'call_waiting_enabled': 'false',
        'forward_always_enabled': 'true', 'forward_always_to': '1002', 'forward_always_ring_reminder_enabled': 'true',
        'forward_always_destination_voicemail_enabled': 'true',
        'forward_busy_enabled': 'true', 'forward_busy_to': '+34952000100', 'forward_busy_destination_voicemail_enabled': 'false',
        'forward_no_answer_enabled': 'true', 'forward_no_answer_to': '1003', 'forward_no_answer_rings': '6',
        'forward_no_answer_destination_voicemail_enabled': 'true', 'forward_business_continuity_enabled': 'true',
        'forward_business_continuity_to': '+34600000100', 'forward_business_continuity_destination_voicemail_enabled': 'false',
    },
    {
        'voicemail_enabled': 'true', 'voicemail_all_calls_enabled': 'false', 'voicemail_busy_calls_enabled': 'false',
        'voicemail_busy_greeting': 'DEFAULT', 'voicemail_unanswered_calls_enabled': 'true',
        'voicemail_unanswered_greeting': 'DEFAULT', 'voicemail_rings': '5', 'voicemail_notification_enabled': 'true',
        'voicemail_notification_to': 'avisos@example.com', 'voicemail_transfer_enabled': 'true', 'voicemail_transfer_to': '1001',
        'voicemail_email_copy_enabled': 'true', 'voicemail_email_copy_to': 'copias@example.com',
        'voicemail_message_waiting_enabled': 'false', 'voicemail_storage': 'EXTERNAL',
        'voicemail_storage_email': 'buzon@example.com', 'voicemail_fax_enabled': 'true', 'voicemail_fax_number': '+34952000101',
        'voicemail_fax_extension': '1901',
        'caller_id': 'CUSTOM', 'caller_id_number': '+34952000000', 'caller_id_block_forwarded_enabled': 'true',
        'caller_id_external_name_policy': 'OTHER', 'caller_id_external_name': 'Ejemplo Ventas',
        'caller_id_additional_direct_line_enabled': 'true', 'caller_id_additional_location_number_enabled': 'true',
        'caller_id_additional_number': '+34952000001', 'caller_id_direct_line_name': 'CUSTOM_NAME',
        'caller_id_direct_line_custom_name': 'Ventas',
    },
    {
        'call_recording_enabled': 'true', 'call_recording_mode': 'Always with Pause/Resume',
        'call_recording_voicemail_enabled': 'true', 'call_recording_notification_enabled': 'true',
        'call_recording_notification_type': 'Beep', 'call_recording_repeat_enabled': 'true', 'call_recording_repeat_seconds': '30',
        'call_recording_announce_internal_enabled': 'true', 'call_recording_announce_pstn_enabled': 'true',
        'barge_in_enabled': 'true', 'barge_in_tone_enabled': 'true',
        'incoming_permissions_custom_enabled': 'true', 'incoming_permissions_external_transfer': 'ALLOW_ONLY_TRANSFERRED_EXTERNAL',
        'incoming_permissions_internal_enabled': 'false', 'incoming_permissions_collect_enabled': 'false',
        'outgoing_transfer_numbers_custom_enabled': 'true', 'outgoing_transfer_number_1': '+34952000201',
        'outgoing_transfer_number_2': '+34952000202', 'outgoing_transfer_number_3': '+34952000203',
        'outgoing_permissions': 'INTERNATIONAL=BLOCK|NATIONAL=TRANSFER_NUMBER_1|TOLL_FREE=ALLOW+transfer',
        'outgoing_permissions_custom_enabled': 'true', 'outgoing_permissions_custom_types_enabled': 'true',
    },
    {
        'monitoring_people': COLLEAGUES, 'monitoring_call_park_notification_enabled': 'true', 'hoteling_enabled': 'true',
        'privacy_extension_dialing_enabled': 'false', 'privacy_name_dialing_enabled': 'false', 'privacy_directory_enabled': 'true',
        'privacy_pickup_barge_in_enabled': 'true', 'privacy_people': 'nuria.castro@example.com',
        'push_to_talk_auto_answer_enabled': 'true', 'push_to_talk_connection': 'TWO_WAY', 'push_to_talk_access': 'BLOCK_MEMBERS',
        'push_to_talk_people': 'pablo.serrano@example.com', 'receptionist_enabled': 'true', 'receptionist_people': COLLEAGUES,
        'executive_assistant_type': 'EXECUTIVE', 'applications_ring_click_to_dial_enabled': 'false',
        'applications_ring_group_page_enabled': 'true', 'applications_ring_call_park_enabled': 'true',
        'applications_browser_enabled': 'false', 'applications_desktop_enabled': 'false', 'applications_tablet_enabled': 'false',
        'applications_mobile_enabled': 'false', 'calling_behavior': 'NATIVE_WEBEX_TEAMS_CALLING',
        'music_on_hold_enabled': 'false', 'music_on_hold_greeting': 'DEFAULT',
    },
    {
        'intercept_enabled': 'true', 'intercept_incoming': 'INTERCEPT_ALL', 'intercept_incoming_voicemail_enabled': 'true',
        'intercept_greeting': 'DEFAULT', 'intercept_new_number_enabled': 'true', 'intercept_new_number': '+34952000301',
        'intercept_zero_transfer_enabled': 'true', 'intercept_zero_transfer_to': '1001', 'intercept_outgoing': 'ALLOW_LOCAL_ONLY',
        'intercept_outgoing_transfer_enabled': 'true', 'intercept_outgoing_transfer_to': '+34952000302',
        'emergency_callback': 'LOCATION_MEMBER_NUMBER', 'emergency_callback_person': 'nuria.castro@example.com',
        'emergency_callback_elin_enabled': 'true', 'emergency_callback_elin_webex_app_enabled': 'true',
        'announcement_language': 'Spanish', 'time_zone': 'Atlantic/Canary', 'personal_assistant_enabled': 'true',
        'personal_assistant_presence': 'VACATION', 'personal_assistant_until': '2027-08-31T18:00:00+02:00',
        'personal_assistant_transfer_enabled': 'true', 'personal_assistant_transfer_to': '1001',
        'personal_assistant_alerting': 'ALERT_ME_FIRST', 'personal_assistant_rings': '4',
        'call_bridge_warning_tone_enabled': 'false', 'single_number_reach_click_to_dial_enabled': 'true',
        'hot_desking_guest_enabled': 'true', 'call_captions_enabled': 'true', 'call_captions_transcripts_enabled': 'true',
        'call_captions_location_enabled': 'false', 'ms_teams_hide_webex_app_enabled': 'true',
    },
]

PEOPLE = [
    ('lucia.martinez@example.com', 'AGP-01', {'extension': '1001', 'phone_number': '+34952000001'}),
    ('javier.romero@example.com', 'AGP-01', {'extension': '1002', 'alternate_numbers': '+34952000002|+34952000003'}),
    ('carmen.ortega@example.com', 'AGP-01', {'extension': '1003'}),
    ('diego.navarro@example.com', 'ZAZ-02', {'phone_number': '+34976000001'}),
    ('marta.iglesias@example.com', 'ZAZ-02', {'extension': '0201'}),
]
PLAIN = ('andres.molina@example.com', 'ZAZ-02', {'calling_license': 'standard'}, {'extension': '0202'})


def rows() -> list[dict[str, str]]:
    users, assignments = [], []
    for number, (email, location, line) in enumerate(PEOPLE):
        common = {'location_key': location, 'email': email}
        licence = {'calling_enabled': 'true', 'calling_license': 'professional'}
        own = {f'calling_settings_{name}': text for name, text in SETTINGS[number].items()}
        later = {f'final_settings_{name}': text for name, text in SETTINGS[number - 1].items()}
        users.append({'entity_type': 'user', 'row_ref': f'U{number + 1}', **common, **licence, **own})
        assignments.append(
            {'entity_type': 'extension_assignment', 'row_ref': f'A{number + 1}', **common, **line, **later}
        )
    email, location, licence, line = PLAIN
    common = {'location_key': location, 'email': email}
    users.append({'entity_type': 'user', 'row_ref': 'U6', **common, **licence})
    assignments.append({'entity_type': 'extension_assignment', 'row_ref': 'A6', **common, **line})
    return [{'entity_type': 'location', **row} for row in LOCATIONS] + users + assignments


def main() -> None:
    all_rows = rows()
    columns = list(dict.fromkeys(name for row in all_rows for name in row))
    writer = csv.DictWriter(sys.stdout, columns, restval='', lineterminator='\n')
    writer.writeheader()
    writer.writerows(all_rows)


if __name__ == '__main__':
    sys.stdout.reconfigure(encoding='utf-8')
    main()
