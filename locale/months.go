package locale

// CalendarOf gives the names of a language, as the Unicode CLDR has them; English for those that are not here.
func CalendarOf(language string) Calendar {
	base, region := Parts(language)
	switch base {
	case "de":
		return Calendar{"2. January 2006",
			"Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember",
			"Jan.|Feb.|März|Apr.|Mai|Juni|Juli|Aug.|Sept.|Okt.|Nov.|Dez.",
			"Sonntag|Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag",
			"So|Mo|Di|Mi|Do|Fr|Sa"}
	case "fr":
		return Calendar{"2 January 2006",
			"janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
			"janv.|févr.|mars|avr.|mai|juin|juil.|août|sept.|oct.|nov.|déc.",
			"dimanche|lundi|mardi|mercredi|jeudi|vendredi|samedi",
			"dim.|lun.|mar.|mer.|jeu.|ven.|sam."}
	case "es":
		return Calendar{"2 de January de 2006",
			"enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre",
			"ene|feb|mar|abr|may|jun|jul|ago|sept|oct|nov|dic",
			"domingo|lunes|martes|miércoles|jueves|viernes|sábado",
			"dom|lun|mar|mié|jue|vie|sáb"}
	case "it":
		return Calendar{"2 January 2006",
			"gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre",
			"gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic",
			"domenica|lunedì|martedì|mercoledì|giovedì|venerdì|sabato",
			"dom|lun|mar|mer|gio|ven|sab"}
	case "nl":
		return Calendar{"2 January 2006",
			"januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december",
			"jan|feb|mrt|apr|mei|jun|jul|aug|sep|okt|nov|dec",
			"zondag|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag",
			"zo|ma|di|wo|do|vr|za"}
	case "pt":
		return Calendar{"2 de January de 2006",
			"janeiro|fevereiro|março|abril|maio|junho|julho|agosto|setembro|outubro|novembro|dezembro",
			"jan.|fev.|mar.|abr.|mai.|jun.|jul.|ago.|set.|out.|nov.|dez.",
			"domingo|segunda-feira|terça-feira|quarta-feira|quinta-feira|sexta-feira|sábado",
			"dom.|seg.|ter.|qua.|qui.|sex.|sáb."}
	case "pl":
		return Calendar{"2 January 2006",
			"stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia",
			"sty|lut|mar|kwi|maj|cze|lip|sie|wrz|paź|lis|gru",
			"niedziela|poniedziałek|wtorek|środa|czwartek|piątek|sobota",
			"niedz.|pon.|wt.|śr.|czw.|pt.|sob."}
	case "ru":
		return Calendar{"2 January 2006 г.",
			"января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря",
			"янв.|февр.|мар.|апр.|мая|июн.|июл.|авг.|сент.|окт.|нояб.|дек.",
			"воскресенье|понедельник|вторник|среда|четверг|пятница|суббота",
			"вс|пн|вт|ср|чт|пт|сб"}
	case "uk":
		return Calendar{"2 January 2006 р.",
			"січня|лютого|березня|квітня|травня|червня|липня|серпня|вересня|жовтня|листопада|грудня",
			"січ.|лют.|бер.|квіт.|трав.|черв.|лип.|серп.|вер.|жовт.|лист.|груд.",
			"неділя|понеділок|вівторок|середа|четвер|пʼятниця|субота",
			"нд|пн|вт|ср|чт|пт|сб"}
	case "bg":
		return Calendar{"2 January 2006 г.",
			"януари|февруари|март|април|май|юни|юли|август|септември|октомври|ноември|декември",
			"01|02|03|04|05|06|07|08|09|10|11|12",
			"неделя|понеделник|вторник|сряда|четвъртък|петък|събота",
			"нд|пн|вт|ср|чт|пт|сб"}
	case "cs":
		return Calendar{"2. January 2006",
			"ledna|února|března|dubna|května|června|července|srpna|září|října|listopadu|prosince",
			"led|úno|bře|dub|kvě|čvn|čvc|srp|zář|říj|lis|pro",
			"neděle|pondělí|úterý|středa|čtvrtek|pátek|sobota",
			"ne|po|út|st|čt|pá|so"}
	case "sk":
		return Calendar{"2. January 2006",
			"januára|februára|marca|apríla|mája|júna|júla|augusta|septembra|októbra|novembra|decembra",
			"jan|feb|mar|apr|máj|jún|júl|aug|sep|okt|nov|dec",
			"nedeľa|pondelok|utorok|streda|štvrtok|piatok|sobota",
			"ne|po|ut|st|št|pi|so"}
	case "da":
		return Calendar{"2. January 2006",
			"januar|februar|marts|april|maj|juni|juli|august|september|oktober|november|december",
			"jan.|feb.|mar.|apr.|maj|jun.|jul.|aug.|sep.|okt.|nov.|dec.",
			"søndag|mandag|tirsdag|onsdag|torsdag|fredag|lørdag",
			"søn.|man.|tirs.|ons.|tors.|fre.|lør."}
	case "sv":
		return Calendar{"2 January 2006",
			"januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december",
			"jan.|feb.|mars|apr.|maj|juni|juli|aug.|sep.|okt.|nov.|dec.",
			"söndag|måndag|tisdag|onsdag|torsdag|fredag|lördag",
			"sön|mån|tis|ons|tors|fre|lör"}
	case "nb", "no", "nn":
		return Calendar{"2. January 2006",
			"januar|februar|mars|april|mai|juni|juli|august|september|oktober|november|desember",
			"jan.|feb.|mars|apr.|mai|juni|juli|aug.|sep.|okt.|nov.|des.",
			"søndag|mandag|tirsdag|onsdag|torsdag|fredag|lørdag",
			"søn.|man.|tir.|ons.|tor.|fre.|lør."}
	case "fi":
		return Calendar{"2. January 2006",
			"tammikuuta|helmikuuta|maaliskuuta|huhtikuuta|toukokuuta|kesäkuuta|heinäkuuta|elokuuta|syyskuuta|lokakuuta|marraskuuta|joulukuuta",
			"tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu",
			"sunnuntai|maanantai|tiistai|keskiviikko|torstai|perjantai|lauantai",
			"su|ma|ti|ke|to|pe|la"}
	case "et":
		return Calendar{"2. January 2006",
			"jaanuar|veebruar|märts|aprill|mai|juuni|juuli|august|september|oktoober|november|detsember",
			"jaan|veebr|märts|apr|mai|juuni|juuli|aug|sept|okt|nov|dets",
			"pühapäev|esmaspäev|teisipäev|kolmapäev|neljapäev|reede|laupäev",
			"P|E|T|K|N|R|L"}
	case "lv":
		return Calendar{"2006. gada 2. January",
			"janvāris|februāris|marts|aprīlis|maijs|jūnijs|jūlijs|augusts|septembris|oktobris|novembris|decembris",
			"janv.|febr.|marts|apr.|maijs|jūn.|jūl.|aug.|sept.|okt.|nov.|dec.",
			"Svētdiena|Pirmdiena|Otrdiena|Trešdiena|Ceturtdiena|Piektdiena|Sestdiena",
			"Svētd.|Pirmd.|Otrd.|Trešd.|Ceturtd.|Piektd.|Sestd."}
	case "lt":
		return Calendar{"2006 m. January 2 d.",
			"sausio|vasario|kovo|balandžio|gegužės|birželio|liepos|rugpjūčio|rugsėjo|spalio|lapkričio|gruodžio",
			"01|02|03|04|05|06|07|08|09|10|11|12",
			"sekmadienis|pirmadienis|antradienis|trečiadienis|ketvirtadienis|penktadienis|šeštadienis",
			"sk|pr|an|tr|kt|pn|št"}
	case "hu":
		return Calendar{"2006. January 2.",
			"január|február|március|április|május|június|július|augusztus|szeptember|október|november|december",
			"jan.|febr.|márc.|ápr.|máj.|jún.|júl.|aug.|szept.|okt.|nov.|dec.",
			"vasárnap|hétfő|kedd|szerda|csütörtök|péntek|szombat",
			"V|H|K|Sze|Cs|P|Szo"}
	case "ro":
		return Calendar{"2 January 2006",
			"ianuarie|februarie|martie|aprilie|mai|iunie|iulie|august|septembrie|octombrie|noiembrie|decembrie",
			"ian.|feb.|mar.|apr.|mai|iun.|iul.|aug.|sept.|oct.|nov.|dec.",
			"duminică|luni|marți|miercuri|joi|vineri|sâmbătă",
			"dum.|lun.|mar.|mie.|joi|vin.|sâm."}
	case "el":
		return Calendar{"2 January 2006",
			"Ιανουαρίου|Φεβρουαρίου|Μαρτίου|Απριλίου|Μαΐου|Ιουνίου|Ιουλίου|Αυγούστου|Σεπτεμβρίου|Οκτωβρίου|Νοεμβρίου|Δεκεμβρίου",
			"Ιαν|Φεβ|Μαρ|Απρ|Μαΐ|Ιουν|Ιουλ|Αυγ|Σεπ|Οκτ|Νοε|Δεκ",
			"Κυριακή|Δευτέρα|Τρίτη|Τετάρτη|Πέμπτη|Παρασκευή|Σάββατο",
			"Κυρ|Δευ|Τρί|Τετ|Πέμ|Παρ|Σάβ"}
	case "tr":
		return Calendar{"2 January 2006",
			"Ocak|Şubat|Mart|Nisan|Mayıs|Haziran|Temmuz|Ağustos|Eylül|Ekim|Kasım|Aralık",
			"Oca|Şub|Mar|Nis|May|Haz|Tem|Ağu|Eyl|Eki|Kas|Ara",
			"Pazar|Pazartesi|Salı|Çarşamba|Perşembe|Cuma|Cumartesi",
			"Paz|Pzt|Sal|Çar|Per|Cum|Cmt"}
	case "hr":
		return Calendar{"2. January 2006.",
			"siječnja|veljače|ožujka|travnja|svibnja|lipnja|srpnja|kolovoza|rujna|listopada|studenoga|prosinca",
			"sij|velj|ožu|tra|svi|lip|srp|kol|ruj|lis|stu|pro",
			"nedjelja|ponedjeljak|utorak|srijeda|četvrtak|petak|subota",
			"ned|pon|uto|sri|čet|pet|sub"}
	case "sl":
		return Calendar{"2. January 2006",
			"januar|februar|marec|april|maj|junij|julij|avgust|september|oktober|november|december",
			"jan.|feb.|mar.|apr.|maj|jun.|jul.|avg.|sep.|okt.|nov.|dec.",
			"nedelja|ponedeljek|torek|sreda|četrtek|petek|sobota",
			"ned.|pon.|tor.|sre.|čet.|pet.|sob."}
	case "sr":
		return Calendar{"2. January 2006.",
			"јануар|фебруар|март|април|мај|јун|јул|август|септембар|октобар|новембар|децембар",
			"јан|феб|мар|апр|мај|јун|јул|авг|сеп|окт|нов|дец",
			"недеља|понедељак|уторак|среда|четвртак|петак|субота",
			"нед|пон|уто|сре|чет|пет|суб"}
	case "ca":
		return Calendar{"2 January del 2006",
			"de gener|de febrer|de març|d’abril|de maig|de juny|de juliol|d’agost|de setembre|d’octubre|de novembre|de desembre",
			"de gen.|de febr.|de març|d’abr.|de maig|de juny|de jul.|d’ag.|de set.|d’oct.|de nov.|de des.",
			"diumenge|dilluns|dimarts|dimecres|dijous|divendres|dissabte",
			"dg.|dl.|dt.|dc.|dj.|dv.|ds."}
	case "ja":
		return Calendar{"2006年January2日",
			"1月|2月|3月|4月|5月|6月|7月|8月|9月|10月|11月|12月",
			"1月|2月|3月|4月|5月|6月|7月|8月|9月|10月|11月|12月",
			"日曜日|月曜日|火曜日|水曜日|木曜日|金曜日|土曜日",
			"日|月|火|水|木|金|土"}
	case "zh":
		return Calendar{"2006年January2日",
			"1月|2月|3月|4月|5月|6月|7月|8月|9月|10月|11月|12月",
			"1月|2月|3月|4月|5月|6月|7月|8月|9月|10月|11月|12月",
			"星期日|星期一|星期二|星期三|星期四|星期五|星期六",
			"周日|周一|周二|周三|周四|周五|周六"}
	case "ko":
		return Calendar{"2006년 January 2일",
			"1월|2월|3월|4월|5월|6월|7월|8월|9월|10월|11월|12월",
			"1월|2월|3월|4월|5월|6월|7월|8월|9월|10월|11월|12월",
			"일요일|월요일|화요일|수요일|목요일|금요일|토요일",
			"일|월|화|수|목|금|토"}
	case "he":
		return Calendar{"2 בJanuary 2006",
			"ינואר|פברואר|מרץ|אפריל|מאי|יוני|יולי|אוגוסט|ספטמבר|אוקטובר|נובמבר|דצמבר",
			"ינו׳|פבר׳|מרץ|אפר׳|מאי|יוני|יולי|אוג׳|ספט׳|אוק׳|נוב׳|דצמ׳",
			"יום ראשון|יום שני|יום שלישי|יום רביעי|יום חמישי|יום שישי|יום שבת",
			"יום א׳|יום ב׳|יום ג׳|יום ד׳|יום ה׳|יום ו׳|שבת"}
	case "ar":
		return Calendar{"2 January 2006",
			"يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر",
			"يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر",
			"الأحد|الاثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت",
			"الأحد|الاثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت"}
	case "id":
		return Calendar{"2 January 2006",
			"Januari|Februari|Maret|April|Mei|Juni|Juli|Agustus|September|Oktober|November|Desember",
			"Jan|Feb|Mar|Apr|Mei|Jun|Jul|Agu|Sep|Okt|Nov|Des",
			"Minggu|Senin|Selasa|Rabu|Kamis|Jumat|Sabtu",
			"Min|Sen|Sel|Rab|Kam|Jum|Sab"}
	case "vi":
		return Calendar{"2 January, 2006",
			"tháng 1|tháng 2|tháng 3|tháng 4|tháng 5|tháng 6|tháng 7|tháng 8|tháng 9|tháng 10|tháng 11|tháng 12",
			"thg 1|thg 2|thg 3|thg 4|thg 5|thg 6|thg 7|thg 8|thg 9|thg 10|thg 11|thg 12",
			"Chủ Nhật|Thứ Hai|Thứ Ba|Thứ Tư|Thứ Năm|Thứ Sáu|Thứ Bảy",
			"CN|Thứ 2|Thứ 3|Thứ 4|Thứ 5|Thứ 6|Thứ 7"}
	case "th":
		return Calendar{"2 January 2006",
			"มกราคม|กุมภาพันธ์|มีนาคม|เมษายน|พฤษภาคม|มิถุนายน|กรกฎาคม|สิงหาคม|กันยายน|ตุลาคม|พฤศจิกายน|ธันวาคม",
			"ม.ค.|ก.พ.|มี.ค.|เม.ย.|พ.ค.|มิ.ย.|ก.ค.|ส.ค.|ก.ย.|ต.ค.|พ.ย.|ธ.ค.",
			"วันอาทิตย์|วันจันทร์|วันอังคาร|วันพุธ|วันพฤหัสบดี|วันศุกร์|วันเสาร์",
			"อาทิตย์|จันทร์|อังคาร|พุธ|พฤหัส|ศุกร์|เสาร์"}
	case "mk":
		return Calendar{"2 January 2006 г.",
			"јануари|февруари|март|април|мај|јуни|јули|август|септември|октомври|ноември|декември",
			"јан.|фев.|мар.|апр.|мај|јун.|јул.|авг.|сеп.|окт.|ное.|дек.",
			"недела|понеделник|вторник|среда|четврток|петок|сабота",
			"нед.|пон.|вто.|сре.|чет.|пет.|саб."}
	case "sq":
		return Calendar{"2 January 2006",
			"janar|shkurt|mars|prill|maj|qershor|korrik|gusht|shtator|tetor|nëntor|dhjetor",
			"jan|shk|mar|pri|maj|qer|korr|gush|sht|tet|nën|dhj",
			"e diel|e hënë|e martë|e mërkurë|e enjte|e premte|e shtunë",
			"die|hën|mar|mër|enj|pre|sht"}
	}
	layout := "2 January 2006"
	if region == "us" || region == "ca" || region == "ph" {
		layout = "January 2, 2006"
	}
	return Calendar{layout: layout}
}
