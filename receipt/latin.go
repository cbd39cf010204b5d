package receipt

import (
	"strings"
	"sync"
	"unicode"
)

// latin writes letters of other scripts in Latin ones, as a passport would, and currencies by their codes; "" when it cannot. Chinese
// characters, and scripts such as Thai or Devanagari, would need a dictionary or rules of their own.
func latin(letters []rune) string {
	var b strings.Builder
	for i, r := range letters {
		t, ok := latinOf(r)
		switch {
		case !ok:
			return ""
		case 0x3041 <= r && r <= 0x30FF:
			t = kanaIn(&b, letters, i, t)
		}
		b.WriteString(t)
	}
	return capital(b.String())
}

// romanised writes the Arabic letters of a text in Latin ones and leaves the rest.
func romanised(letters []rune) string {
	var b strings.Builder
	for i := 0; i < len(letters); {
		j := i
		for j < len(letters) && 0x0600 <= letters[j] && letters[j] <= 0x06FF {
			j++
		}
		b.WriteString(latin(letters[i:j]))
		if j == i {
			b.WriteRune(letters[i])
			j++
		}
		i = j
	}
	return b.String()
}

// capital makes the first letter of names that scripts without capitals have a capital one.
func capital(t string) string {
	for i, r := range t {
		if unicode.IsLetter(r) {
			return t[:i] + string(unicode.ToUpper(r)) + t[i+len(string(r)):]
		}
	}
	return t
}

func latinOf(r rune) (string, bool) {
	switch {
	case 0xAC00 <= r && r <= 0xD7A3:
		return hangul(r), true
	case 0x30A1 <= r && r <= 0x30F6:
		r -= 0x60 // katakana are in the order of hiragana
	}
	t, ok := inLatin()[r]
	return t, ok
}

// inLatin gives what each letter is in Latin ones.
var inLatin = sync.OnceValue(func() map[rune]string {
	all := map[rune]string{}
	for _, s := range scripts() {
		for i, r := range s.letters {
			all[r] = s.latin[i]
		}
	}
	return all
})

// A script is letters and what each is in Latin ones.
type script struct {
	letters []rune
	latin   []string
}

func scripts() []script {
	return []script{
		{[]rune("אבגדהוזחטיךכלםמןנסעףפץצקרשת"), strings.Fields("a b g d h v z ch t y kh k l m m n n s ’ f p ts ts k r sh t")},
		{[]rune("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژکگی،؟"),
			strings.Fields("’ a a u i i a b a t th j h kh d dh r z s sh s d t z ‘ gh f q k l m n h w a y p ch zh k g i , ?")},
		{[]rune("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"), strings.Fields("0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9")},
		{[]rune("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"), strings.Fields("a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h")},
		{[]rune("աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև"), strings.Fields("a b g d e z e y t zh i l kh ts k h dz gh ch m y n sh o ch p j r s v t r ts v p k o f ev")},
		{[]rune("ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ"), strings.Fields("A B G D E Z E Y T Zh I L Kh Ts K H Dz Gh Ch M Y N Sh O Ch P J R S V T R Ts V P K O F")},
		{[]rune("あいうえおかがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもやゆよらりるれろわをんゔ"),
			strings.Fields("a i u e o ka ga ki gi ku gu ke ge ko go sa za shi ji su zu se ze so zo ta da chi ji tsu zu te de to do na ni nu ne no ha ba pa hi bi pi fu bu pu he be pe ho bo po ma mi mu me mo ya yu yo ra ri ru re ro wa o n vu")},
		{[]rune("ぁぃぅぇぉゃゅょっー・、。「」"), []string{"a", "i", "u", "e", "o", "ya", "yu", "yo", "", "", " ", ", ", ". ", "“", "”"}},
		{[]rune("₹₩₽₴₺₪₫₦₱฿₸₾₼֏₮₵₲₡"), strings.Fields("INR KRW RUB UAH TRY ILS VND NGN PHP THB KZT GEL AZN AMD MNT GHS PYG CRC")},
		{[]rune("✓✔✗✘№‑−‒―‚‛„‟‹›…′″×÷"), []string{"+", "+", "x", "x", "No.", "-", "-", "-", "-", ",", "'", "\"", "\"", "<", ">", "...", "'", "\"", "x", ":"}},
	}
}

// hangul writes a Korean syllable by the Revised Romanisation, letter by letter.
func hangul(r rune) string {
	first := strings.Split("g kk n d tt r m b pp s ss  j jj ch k t p h", " ")
	middle := strings.Fields("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i")
	last := strings.Split(" k k k n n n t l l l l l l l l m p p t t ng t t k t p t", " ")
	n := int(r - 0xAC00)
	return first[n/588] + middle[n%588/28] + last[n%28]
}

// kanaIn joins a small kana to the one before it, and doubles the consonant after a small tsu: きゃ is kya, って is tte.
func kanaIn(b *strings.Builder, letters []rune, i int, t string) string {
	plain := func(r rune) rune {
		if 0x30A1 <= r && r <= 0x30F6 {
			return r - 0x60
		}
		return r
	}
	if strings.ContainsRune("ゃゅょ", plain(letters[i])) && i > 0 {
		before := b.String()
		if stem, ok := strings.CutSuffix(before, "i"); ok {
			b.Reset()
			b.WriteString(stem)
			if strings.HasSuffix(stem, "sh") || strings.HasSuffix(stem, "ch") || strings.HasSuffix(stem, "j") {
				return t[1:]
			}
		}
		return t
	}
	if i > 0 && plain(letters[i-1]) == 'っ' && t != "" && !strings.ContainsRune("aiueo", rune(t[0])) {
		if strings.HasPrefix(t, "ch") {
			return "t" + t
		}
		return t[:1] + t
	}
	return t
}
