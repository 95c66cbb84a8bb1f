/**
 * What is asked of the corpus, and the passage that answers it: `exact` by an identifier, `worded` in words of the
 * passage, `paraphrase` in others.
 */
export type QuestionKind = 'exact' | 'worded' | 'paraphrase' | 'German' | 'Chinese';

export interface Question {
  readonly kind: QuestionKind;
  readonly text: string;
  readonly answer: string;
}

const lists: Readonly<Record<QuestionKind, string>> = {
  exact: `
What does E-417 mean? | boiler-417
E-471 | boiler-471
when do I get ERR_4021 | err-4021
ERR_4012 | err-4012
which pump takes P-200-C | pump-p200
inverter fault 0x1F | solar-inverter
what does parseInvoiceHeader throw | fn-parse
parse invoice header | fn-parse
retryWithJitter | fn-retry
LIND_LOG_LEVEL values | env-log
idx_orders_customer_date | db-index
order number AF-3300 | filter-price
lind-07.conf | vpn-setup
X-Lind-Token header | api-auth
InvoiceFormatError | fn-parse
next_cursor | api-page
`,
  worded: `
how long is the notice period of the contract | notice-period
parking for electric cars | parking
how many characters must a passphrase have | password-rule
why is green tea bitter | tea-green
tail of a comet | comet-tail
hearts of an octopus | octopus-heart
when are releases deployed on Tuesdays | deploy-window
first bridge of cast iron | bridge-iron
how is rye bread made with sourdough | bread-rye
moss in the lawn | moss-lawn
when may a king castle | chess-castle
softener for hard water | water-hard
`,
  paraphrase: `
my radiators make noises, what can I do | boiler-bleed
how do I get money back for an overnight stay | travel-hotel
how much vacation do employees get | leave-days
I am unwell today, whom do I inform | leave-sick
may I work remotely | home-office
what happens if I misplace my entry card | badge-lost
where do we gather when there is an alarm | fire-drill
how many requests per minute does the API accept | api-limit
customers who did not pay in time | invoice-late
can I return a product I bought | refund
how does one detect whether eggs are still good | egg-test
my stew has too much salt | soup-salt
how do bats navigate in the dark | bat-echo
why does the red planet have its colour | mars-red
what colour is the sky and for what reason | sky-blue
how do bees communicate where blossoms are | bees-dance
who invented immunisation against smallpox | vaccine
how did sailors avoid losing their teeth | scurvy
which pieces may be captured en passant | chess-passant
what does a technician cost to exchange the valve | valve-price
how often must the heating be checked by a technician | boiler-service
undo a bad release | rollback
how long are copies of the servers stored | backup-rule
how far is a light year | light-year
`,
  German: `
Wann wird die Heizung gewartet? | de-heizung
Was bedeutet F77? | de-fehler77
Fehlercode F71 | de-fehler71
Wie viele Urlaubstage habe ich im Jahr? | de-urlaub
Darf ich einen Hund halten? | de-haustier
Was mache ich gegen Schimmel? | de-schimmel
Wann muss ich leise sein? | de-ruhe
Wie zieht man eine Zecke heraus? | de-zecke
Kartoffeln für Kartoffelsalat | de-kartoffel
Bis wann muss die Steuererklärung fertig sein? | de-steuer
Wo darf ich mein Fahrrad abstellen? | de-fahrrad
Mein Schlüssel ist weg | de-schluessel
Wie weit darf man ins Wattenmeer gehen? | de-watt
Was wird nach dem Auszug zurückgezahlt? | de-kaution
`,
  Chinese: `
年假有多少天？ | zh-nianjia
E21是什么故障 | zh-e21
E12 | zh-e12
访客无线网络密码 | zh-wifi
怎么煮饺子 | zh-jiaozi
滤芯型号LX-808多久更换 | zh-lvxin
退货运费谁承担 | zh-tuihuo
大熊猫为什么吃那么多竹子 | zh-xiongmao
地震的时候躲在哪里 | zh-dizhen
物业费逾期怎么办 | zh-wuye
泡绿茶用多少度的水 | zh-lvcha
门禁卡丢了怎么办 | zh-menjin
数据库什么时候备份 | zh-beifen
狗要牵绳吗 | zh-chongwu
`,
};

export const questions: readonly Question[] = Object.entries(lists).flatMap(([kind, list]) =>
  list
    .trim()
    .split('\n')
    .map((line) => {
      const [text = '', answer = ''] = line.split(' | ');
      return { kind: kind as QuestionKind, text, answer };
    }),
);
