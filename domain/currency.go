package domain

import "strings"

// currencies lists the active codes of ISO 4217.
const currencies = " AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD" +
	" CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF" +
	" GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR" +
	" LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK" +
	" PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT" +
	" TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG "

// minorDigits holds the currencies of ISO 4217 whose minor unit has not two digits.
var minorDigits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
	"RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
	"CLF": 4, "UYW": 4,
}

// cashUnits holds the smallest cash payment in minor units where it is not 1
// (source: cash rounding in Unicode CLDR's currency data).
var cashUnits = map[string]int64{
	"AMD": 100, "COP": 100, "CRC": 100, "CZK": 100, "GYD": 100, "HUF": 100, "IDR": 100, "MNT": 100,
	"MUR": 100, "NOK": 100, "PKR": 100, "SEK": 100, "TWD": 100, "TZS": 100, "UZS": 100,
	"CAD": 5, "CHF": 5, "DKK": 50,
}

// KnownCurrency says whether code is an active ISO 4217 code.
func KnownCurrency(code string) bool {
	return len(code) == 3 && !strings.Contains(code, " ") && strings.Contains(currencies, " "+code+" ")
}

func checkCurrency(code string) error {
	if !KnownCurrency(code) {
		return Errorf(KindInvalid, "%.60q is not an ISO 4217 currency", code)
	}
	return nil
}

// MinorDigits returns how many decimals the currency's minor unit has: 2 for UZS.
func MinorDigits(currency string) int {
	if n, ok := minorDigits[currency]; ok {
		return n
	}
	return 2
}

// CashUnit returns the smallest amount that is paid out, in minor units: 100 for
// UZS (1 so'm).
func CashUnit(currency string) int64 {
	if n, ok := cashUnits[currency]; ok {
		return n
	}
	return 1
}
