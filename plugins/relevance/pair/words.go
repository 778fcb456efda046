package pair

import (
	"strings"

	"github.com/fincokpi/finco/plugins/textmodel"
)

// Kinds of things that are asked for and given. A star ends a stem; any spelling serves, as texts are read in one.
var (
	askedWords = parse(map[string]string{
		"price": "narx* nechpul nechipul nechapul necha* nechi* qancha* qanchadan pochyom turadi сколько скока скок стоит почем почём цена цену цены " +
			"стоимост* нарх* неччи* нечи* канча* қанча* price cost much скидк* chegirma* skidka* чегирма*",
		"when": "qachon* qachongacha kachon* soat* vaqt* muddat* nechada nechanchi когда скоро срок* долго во_сколько времени качон* қачон* when long soon " +
			"kuni кун қайси_кун kelmadi kelmayapti yetib kutyap* kutaman жду ждать ждём третий приедет привезут приезж* доставят кутяп* кутвом*",
		"where": "qayer* qaer* qatta qaysi_joy manzil* lokats* mo'ljal* joylash* где куда адрес* находит* находитесь ориентир* локац* " +
			"каер* қаер* манзил* локаци* where address located",
		"how": "qanday* qanaqa* qanaqasiga qandoq как каким канака* қандай* кандай* қанақа* how",
		"why": "nega nimaga nimadan почему зачем отчего нега нимага why",
		"who": "kim kimga kimdan кто кому кем ким кимга who",
		"is": "bormi bormidi bormikan mumkinmi mumkunmi bo'ladimi boladimi buladimi kerakmi olasizmi olasizlarmi berasizmi berasizlarmi qilasizmi " +
			"есть можно нельзя можете сможете бывает нужен нужно будет ли борми бўладими буладими мумкинми керакми оласизларми берасизларми берасизми " +
			"is are do does can could would will have has possible",
		"which": "qaysi qanaqa какой какая какое какие каких какую каком қайси кайси which what",
		"trouble": "ishlamay* ishlamad* buzil* xato* oshibk* kirmay* ochilmay* singan siniq yechil* kelmadi kelmay* aldad* не_работает ошибк* сломал* завис* " +
			"списал* списали обман* ишлама* бузил* хато* очилмая* синган ечил* келмад* wrong broken error failed does_not",
		"do": "yuboring* yubor* tashlang* tashla* yozing* qiling* ayting* bering* qo'ying qoying bekor qaytar* almashtir* пришлите скиньте отправьте " +
			"запишите отмените верните поменяйте помогите сделайте юборинг* ташланг* қилинг* килинг* айтинг* беринг* ёзинг* қўйинг куйинг қайтар* кайтар* " +
			"send give cancel return change book help please",
	})
	givenWords = parse(map[string]string{
		"money":   "so'm* sum sumdan сум* сўм* ming* тысяч* тыс минг* mln млн million* миллион* dollar* $ рубл* usd bepul tekin* бесплатн* текин* бепул free foiz* процент* фоиз* chegirma* скидк* чегирма*",
		"moment":  "bugun* ertaga* indinga kecha hozir* hali soat* daqiqa* minut* kun* hafta* oy oyga oyda kechgacha kechqurun ertalab dushanba* seshanba* chorshanba* payshanba* juma* shanba* yakshanba* сегодня завтра послезавтра вчера сейчас час* минут* день дня дней дню недел* месяц* утр* вечер* обед* понедельник* вторник* сред* четверг* пятниц* суббот* воскресень* бугун* эртага* индинга ҳозир* хозир* соат* дақиқа* дакика* кун* ҳафта* хафта* кечгача кечқурун эрталаб душанба* сешанба* чоршанба* пайшанба* жума* шанба* якшанба* today tomorrow now hour* minute* day* week* monday tuesday wednesday thursday friday saturday sunday",
		"place":   "ko'cha* kvartal* mavze* tuman* rayon* metro* mo'ljal* orientir* manzil* filial* qavat* bino* ro'para* yonida oldida lokatsiya* улиц* квартал* район* метро ориентир* адрес* филиал* этаж* здание напротив рядом возле локаци* кўча* куча* мавзе* туман* мўлжал* мулжал* манзил* қават* кават* бино* рўпара* ёнида олдида street floor near",
		"yes":     "ha xa albatta bor mavjud mumkin bo'ladi boladi buladi beramiz qilamiz yetkazamiz olamiz да есть конечно можно имеется возможно делаем принимаем доставляем работаем ҳа ха албатта бор мавжуд мумкин бўлади булади берамиз қиламиз киламиз yes sure course available",
		"no":      "yo'q yoq yuq emas bo'lmaydi bolmaydi qolmadi qolmagan tugadi tugagan нет нету нельзя невозможно закончил* увы йўқ йук эмас бўлмайди булмайди қолмади колмади тугади тугаган no not unfortunately",
		"steps":   "bosing* kiring* oching* tanlang* yuklab o'tkazing kiriting yangilang o'chirib qayta нажмите зайдите откройте выберите введите обновите перезагрузите скачайте перейдите удалите босинг* киринг* очинг* танланг* киритинг янгиланг қайта кайта click press open select enter restart install",
		"promise": "tekshir* aniqla* yozaman yozamiz yuboraman yuboramiz so'rayman surishtir* aytaman aytamiz bog'lan* bildiramiz ko'rib уточн* провер* напиш* отвеч* ответ* перезвон* позвон* пришлю пришлём пришлем сообщ* узна* свяж* передал* передам текшир* аникла* аниқла* ёзаман ёзамиз юбораман юборамиз сўрайман сурайман боғлан* боглан* check* find confirm",
		"sorry":   "uzr* kechir* afsus* извин* прости* прошу сожале* узр* кечир* афсус* sorry apolog*",
		"sent":    "saytda saytga saytdan kanalda kanalga postda yozilgan o'qing qarang qo'ng'iroq murojaat сайте сайт канале посте написано читайте смотрите звоните позвоните обратитесь сайтда каналда ёзилган ўқинг укинг қаранг каранг мурожаат website channel",
		"wait":    "kuting* kutib ожидайте ждите подождите кутинг* кутиб wait",
		"thanks":  "rahmat* raxmat* marhamat arzimaydi спасибо благодар* пожалуйста рахмат* раҳмат* марҳамат* мархамат* арзимайди thank* welcome",
		"done":    "yubordim yubordik qildim qildik tayyor yozdim yozdik qaytardik tuzatdik almashtirdik o'zgartirdim o'zgartirdik bekor_qildik отправил* сделал* готов* записал* перенес* перенёс* вернул* оформил* исправил* отменил* поменял* нашл* юбордим юбордик қилдим қилдик килдик тайёр ёздим ёздик қайтардик кайтардик done sent booked fixed",
		"greet":   "assalom* salom* alaykum vaalaykum xayrli здравствуйте здраствуйте привет* добрый доброе доброго ассалом* салом* алайкум хайрли hello hi hey",
	})
)

// list is words by category, in the spelling that texts are read in.
type list struct {
	words, stems map[string][]string // spelling → categories
	longest      int
}

func parse(given map[string]string) list {
	l := list{words: map[string][]string{}, stems: map[string][]string{}}
	for category, words := range given {
		for _, w := range strings.Fields(words) {
			form := string(textmodel.AppendRoman(nil, strings.TrimSuffix(w, "*")))
			if strings.HasSuffix(w, "*") {
				l.stems[form] = append(l.stems[form], category)
				l.longest = max(l.longest, len(form))
				continue
			}
			l.words[form] = append(l.words[form], category)
		}
	}
	return l
}

// find adds the categories of the words.
func (l list) find(words []string, into map[string]bool) {
	for i, w := range words {
		for _, c := range l.words[w] {
			into[c] = true
		}
		if i+1 < len(words) {
			for _, c := range l.words[w+" "+words[i+1]] {
				into[c] = true
			}
		}
		for n := 3; n <= min(len(w), l.longest); n++ {
			for _, c := range l.stems[w[:n]] {
				into[c] = true
			}
		}
	}
}

// words splits a text into words in one spelling, without signs.
func words(text string) []string {
	form := textmodel.AppendRoman(nil, text)
	for i, c := range form {
		if c == '?' || c == '!' {
			form[i] = ' '
		}
	}
	return strings.Fields(string(form))
}
