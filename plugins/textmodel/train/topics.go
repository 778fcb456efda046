package main

import "strings"

// topicIntents maps English intents to the twelve topics. Intents of other
// worlds (weather, alarms, seats in a plane) are "other" or left out.
var topicIntents = map[string]string{
	"price": `card_payment_fee_charged cash_withdrawal_charge exchange_charge exchange_rate extra_charge_on_statement
		top_up_by_bank_transfer_charge top_up_by_card_charge top_up_by_cash_or_cheque_charge transfer_fee_charged
		apr interest_rate international_fees min_payment`,
	"delivery": `card_arrival card_delivery_estimate order_status order_physical_card lost_luggage flight_status
		replacement_card_duration`,
	"payment": `declined_card_payment pending_card_payment pending_top_up pending_transfer failed_transfer top_up_failed
		transfer_timing transfer_not_received_by_recipient transaction_charged_twice balance_not_updated_after_bank_transfer
		bill_balance bill_due pay_bill transactions transfer finance.transfermoney finance.checkbalance media.viewbillsintent
		direct_deposit payday card_payment_not_recognised direct_debit_payment_not_recognised cash_withdrawal_not_recognised`,
	"refund": `Refund_not_showing_up request_refund cancel_transfer reverted_card_payment? finance.disputecharge`,
	"product": `fiat_currency_support supported_cards_and_currencies getting_spare_card disposable_card_limits
		ingredients_list nutrition_info media.getinformationintent fastfood.orderpizzaintent fastfood.orderburgerintent
		fastfood.orderdrinkintent visa_or_mastercard`,
	"technical": `card_not_working contactless_not_working virtual_card_not_working sync_device reset_settings
		software.reportbrokensoftware software.softwareupdate software.checkserverstatus insurance.reportbrokenphone jump_start`,
	"account": `passcode_forgotten pin_blocked change_pin edit_personal_details terminate_account activate_my_card
		account_blocked freeze_account pin_change finance.updateaddress finance.closeaccount lost_or_stolen_phone
		report_lost_card finance.reportlostcard media.startserviceintent`,
	"booking": `book_hotel book_flight restaurant_reservation cancel_reservation confirm_reservation accept_reservations
		schedule_maintenance schedule_meeting airline.bookflight airline.changeseatassignment car_rental`,
	"documents": `verify_my_identity why_verify_identity unable_to_verify_identity verify_source_of_funds
		insurance.getproofofinsurance w2 order_checks taxes international_visa software.expensereport airline.getboardingpass`,
	"smalltalk": `greeting goodbye thank_you thankyou openinggreeting closinggreeting tell_joke are_you_a_bot how_old_are_you
		what_is_your_name where_are_you_from who_made_you what_are_your_hobbies`,
	"other": `yes no maybe repeat oos outofdomain share_location directions current_location weather fun_fact`,
}

// needsReplyIntents maps English intents that surely need an answer or surely
// need none.
var needsReplyIntents = map[string]string{
	"not_needed": `goodbye thank_you thankyou closinggreeting yes no confirmation`,
	"needed": `Refund_not_showing_up card_arrival declined_card_payment order_status balance bill_due account_blocked
		report_lost_card restaurant_reservation finance.disputecharge finance.reportlostcard software.reportbrokensoftware
		software.checkserverstatus media.getinformationintent insurance.checkclaimstatus airline.getseatinfo cancel_transfer
		pending_transfer passcode_forgotten book_hotel exchange_rate apr`,
}

func lookupIn(table map[string]string) func(intent string) string {
	index := map[string]string{}
	for label, list := range table {
		for _, intent := range strings.Fields(list) {
			index[intent] = label
		}
	}
	return func(intent string) string { return index[intent] }
}

var (
	topicOf      = lookupIn(topicIntents)
	needsReplyOf = lookupIn(needsReplyIntents)
)
