/**
 * The corpus of the retrieval figures: short passages written for it, in three languages, with neighbours that are
 * easily taken for one another. Each line is one passage, its name before the bar.
 */
const ENGLISH = `
boiler-417 | Error E-417 on the Calora boiler means that the gas valve is stuck. Close the main tap and call a fitter.
boiler-471 | Error E-471 on the Calora boiler means that the flame sensor is dirty. Wipe it with a dry cloth.
boiler-fill | Top up the heating circuit until the gauge shows between 1.2 and 1.8 bar, then shut the filling loop.
boiler-bleed | Gurgling radiators hold air. Open the small valve at the top with the square key until water comes out.
boiler-service | The boiler is inspected once a year; without the stamp in the booklet the warranty ends.
boiler-frost | In frost protection the pump starts by itself below four degrees, even when the heating is switched off.
pump-p200 | Spare part P-200-B fits pumps built before 2016, P-200-C those from 2016 on. They cannot be exchanged.
pump-noise | A humming circulation pump usually runs too fast: set the dial one step lower.
thermo-pair | To pair the room thermostat hold its wheel for five seconds until the green lamp blinks.
thermo-battery | The thermostat takes two AAA cells, which last about eighteen months.
solar-angle | Panels on flat roofs are mounted at thirteen degrees so that rain still washes them clean.
solar-inverter | The inverter reports fault 0x1F when a string is wired with reversed polarity.
solar-feed | Surplus electricity is sold to the grid operator at the tariff of the year in which the plant was registered.
leave-days | Full-time staff have twenty-eight days of paid holiday a year; five of them may be carried into spring.
leave-sick | Whoever falls ill tells their supervisor before nine and sends a doctor's note from the third day on.
leave-parent | Mothers and fathers may stay at home for up to fourteen months between them after a birth.
travel-train | For journeys under six hours the train is booked, in second class; first class needs a reason.
travel-hotel | Overnight stays are reimbursed up to 140 euros, in London and Zurich up to 210.
travel-receipt | Expenses are handed in within thirty days with the original receipts, or they are not paid back.
home-office | Two days a week may be worked from home; the team agrees on one day when everybody is on site.
notice-period | Either side may end the contract with three months' notice to the end of a quarter.
probation | The first six months are a trial, during which two weeks' notice are enough.
overtime | Extra hours are made up for by time off within a quarter and are paid out only in exceptions.
pension | The company doubles what employees put aside for old age, up to four per cent of the salary.
bike-lease | A leased bicycle is paid from gross wages over thirty-six months and may be bought afterwards.
parking | Parking spaces 11 to 24 behind building C are for electric cars while they charge.
badge-lost | A lost access badge is blocked at the front desk; a new one costs fifteen euros.
visitor | Guests sign in at reception, wear a yellow card and are never left alone in the laboratories.
fire-drill | When the siren sounds everybody leaves by the nearest stairs and meets at the chestnut tree.
first-aid | Bandages and the defibrillator hang beside the lift on every second floor.
wifi-guest | The guest network is called Lindgren-Guest; its password changes every Monday and stands at reception.
vpn-setup | Install the WireGuard profile lind-07.conf and choose gateway eu-west before you sign in.
password-rule | Passphrases have at least sixteen characters and are never asked for by telephone.
backup-rule | Servers are copied every night at 02:30 and the copies are kept for ninety days in another town.
ticket-prio | Priority 1 tickets are answered within thirty minutes, at night too; priority 3 on the next working day.
printer | Printers release a job when you hold your card to the reader; jobs vanish after twelve hours.
git-branch | Branches are called feature/NUMBER-short-name and are merged by squash after two reviews.
deploy-window | Releases go out on Tuesdays and Thursdays before noon, never before a public holiday.
rollback | If error rates double within ten minutes of a release, run rollback_release and tell the on-call channel.
api-limit | The public interface allows 600 calls a minute for each key; beyond it the answer is 429 with Retry-After.
api-auth | Requests carry the header X-Lind-Token; tokens are valid for twelve hours.
api-page | Lists come in pages of fifty; the field next_cursor leads to the following one.
api-webhook | A webhook is sent again up to eight times with growing pauses when the receiver does not answer with 2xx.
fn-parse | parseInvoiceHeader reads the first page of an invoice and throws InvoiceFormatError when the number is missing.
fn-round | roundHalfEven is used for all amounts, so that sums of many rounded values are not biased upwards.
fn-retry | retryWithJitter waits between 50 and 250 milliseconds before it tries a failed call again.
fn-cache | LruCache.evict removes the entry that has not been read for the longest time.
err-4012 | ERR_4012 is returned when the customer number does not exist.
err-4021 | ERR_4021 is returned when the customer is blocked for unpaid bills.
err-5003 | ERR_5003 means that the ledger is closed for the month and no booking can be made.
env-dsn | The variable LIND_DSN names the database; without it the service refuses to start.
env-log | LIND_LOG_LEVEL accepts debug, info, warn and error; the default is info.
db-vacuum | The table events is vacuumed at four in the morning, for it grows by six million rows a day.
db-index | Queries on orders must use the index idx_orders_customer_date or they take minutes.
invoice-due | Bills are payable within fourteen days; two per cent may be deducted when paid in the first week.
invoice-late | Reminders go out after twenty-one and thirty-five days; after the third a lawyer takes over.
invoice-vat | Customers in other countries of the Union are billed without tax if their number VAT-ID is valid.
refund | Goods sent back unopened within thirty days are fully refunded; opened ones at eighty per cent.
shipping-eu | Parcels to Austria take two days, to Portugal and Greece five to seven.
shipping-heavy | Goods above thirty-one kilograms come by freight forwarder, who calls a day before.
shipping-track | The consignment number LK followed by nine digits can be followed on the carrier's page.
warranty | Devices carry a guarantee of three years, batteries of one; scratches and water are excluded.
repair | A repair is estimated free of charge; whoever declines the estimate pays only for the parcel back.
valve-price | A new gas valve costs 89 euros, fitting included 160.
filter-price | The pack of three air filters, order number AF-3300, costs 24.90 euros.
filter-change | Change the air filter every six months, in smoky kitchens every three.
vent-night | At night the ventilation runs at a third of its power and makes less noise than a fridge.
water-hard | Above fourteen degrees of hardness a softener is needed, or lime blocks the heat exchanger.
water-legio | Hot water is heated to sixty-five degrees once a week so that no legionella grow.
bread-rye | Rye bread needs sourdough: without the acid the crumb stays wet and sticks to the knife.
bread-yeast | Dough with little yeast that rests overnight in the fridge tastes better than a quick one.
bread-steam | Throw a cup of water into the hot oven with the loaf: the steam keeps the crust soft while it rises.
soup-salt | A soup that is too salty is rescued by a raw potato cooked in it and taken out again.
egg-test | An egg that floats in water is old; a fresh one lies flat on the bottom.
rice-ratio | One cup of rice takes one and a half cups of water, twelve minutes on low heat, and ten of rest.
coffee-grind | The finer coffee is ground the more bitter it gets; espresso takes twenty-five seconds.
tea-green | Green tea is brewed at seventy-five degrees; boiling water makes it bitter.
knife-sharp | Knives are drawn over the stone at fifteen degrees, edge first, until a burr can be felt.
tomato-fridge | Tomatoes lose their aroma below ten degrees and do not belong into the fridge.
jam-set | Jam sets when a drop on a cold plate wrinkles under the finger; lemon juice brings the pectin.
moss-lawn | Moss in the lawn shows that the soil is sour; spread lime in early spring.
slug-beer | Slugs are caught in cups of beer sunk into the bed, emptied every second day.
rose-cut | Roses are cut when the forsythia is in bloom, a hand above the ground, over an eye that looks outwards.
compost | Compost needs brown and green in equal parts; grass alone rots and smells.
bees-dance | Honeybees tell each other by a waggle dance in which direction and how far flowers are.
bees-winter | In winter bees form a ball around the queen and keep it at twenty-five degrees by shivering.
owl-hearing | Owls hear mice under snow: one of their ears sits higher than the other.
salmon-smell | Salmon find the brook in which they hatched by its smell, after years in the sea.
whale-song | Humpback whales change their song every year and pass it from one ocean to the next.
bat-echo | Bats see with their ears: they shriek above human hearing and listen for what comes back.
octopus-heart | An octopus has three hearts and blue blood, for it carries oxygen with copper.
moon-far | The moon moves away from us by thirty-eight millimetres a year; mirrors left by astronauts show it.
mars-red | Mars is red because iron in its dust has rusted.
saturn-ring | The rings of Saturn are a few hundred metres thick at most and made of ice.
venus-day | On Venus a day lasts longer than a year, and the sun rises in the west.
comet-tail | The tail of a comet always points away from the sun, whichever way it flies.
black-hole | Not even light leaves a black hole; what falls in stretches like a noodle first.
light-year | A light year is a distance: nine and a half trillion kilometres.
volcano-ice | Iceland lies where two plates drift apart, so new rock wells up in the rift.
tide | Tides come twice a day since the moon pulls the near water more than the earth and the earth more than the far water.
rain-smell | The smell after summer rain comes from geosmin, which bacteria in the soil make.
sky-blue | The sky is blue since air scatters short waves of light more than long ones.
glass-flow | Old window panes are thicker below because of how they were made, not because glass flows.
steel-rust | Stainless steel holds at least ten and a half per cent of chromium, which seals it with a thin skin.
gold-ring | Eighteen carat gold is three quarters gold and one quarter copper and silver.
paper-made | Paper was invented in China; craftsmen taken prisoner in 751 brought it to Samarkand.
print-type | Gutenberg cast letters of lead, tin and antimony, which could be used again for every page.
zero-india | The nought came from India by way of Baghdad and reached European merchants about 1200.
calendar | In October 1582 ten days were left out so that Easter fell in spring again.
rosetta | The stone of Rosetta bears one decree in three scripts, by which hieroglyphs were read in 1822.
bridge-iron | The first bridge of cast iron was built over the Severn in 1779.
metro-london | The first underground railway opened in London in 1863 and was driven by steam.
phone-first | The first words by telephone were a call for Mr Watson to come.
vaccine | Jenner scratched cowpox into the arm of a boy and so guarded him against smallpox.
insulin | Before 1922 diabetes in children meant death; then insulin of cattle saved them.
scurvy | Lemons kept sailors from losing their teeth: scurvy comes from lack of vitamin C.
chess-castle | A king may not castle out of check, through check, or after he has moved.
chess-passant | A pawn that has just gone two squares may be taken in passing by one beside it, but only at once.
football-offside | An attacker is offside when only one opponent stands between him and the goal line as the ball is played.
marathon | The marathon measures 42.195 kilometres since London 1908, where it began below the royal nursery.
swim-learn | Children learn to float before they learn to swim: lungs full of air carry them.
piano-tune | A piano is tuned twice a year, since its wooden board swells with the damp.
violin-rosin | Without rosin a bow slides over the string and makes no sound.
`;

const GERMAN = `
de-heizung | Die Heizungsanlage wird jedes Jahr im September gewartet; den Termin vergibt die Hausverwaltung.
de-mahnung | Nach der zweiten Mahnung wird ein Säumniszuschlag von fünf Prozent der offenen Forderung erhoben.
de-muell | Die graue Tonne wird dienstags geleert, die gelbe alle zwei Wochen am Freitag.
de-treppe | Das Treppenhaus reinigen die Mieter reihum; der Plan hängt neben den Briefkästen.
de-ruhe | Zwischen 22 und 6 Uhr sowie mittags darf nicht gebohrt, gehämmert oder musiziert werden.
de-haustier | Hunde und Katzen brauchen die Zustimmung des Vermieters, Hamster und Wellensittiche nicht.
de-kaution | Drei Monatsmieten werden als Sicherheit hinterlegt und nach dem Auszug verzinst zurückgezahlt.
de-schluessel | Geht ein Schlüssel verloren, wird das Schloss auf Kosten des Mieters ausgetauscht.
de-keller | Kellerabteil 14 gehört zur Wohnung im dritten Stock links.
de-fahrrad | Räder stehen im Hof unter dem Dach; im Hausflur werden sie als Brandlast entfernt.
de-strom | Der Zählerstand wird am 31. Dezember abgelesen und dem Versorger online gemeldet.
de-schimmel | Gegen Schimmel hilft Stoßlüften: dreimal täglich fünf Minuten alle Fenster weit öffnen.
de-urlaub | Der Jahresurlaub beträgt dreißig Tage und muss bis Ende März des Folgejahres genommen werden.
de-krank | Die Arbeitsunfähigkeit ist am ersten Tag zu melden, der Krankenschein am vierten vorzulegen.
de-elternzeit | Elternzeit wird sieben Wochen vorher schriftlich beantragt und kann auf drei Abschnitte verteilt werden.
de-kuendigung | Das Arbeitsverhältnis endet mit einer Frist von drei Monaten zum Quartalsende.
de-reisekosten | Bahnfahrten zweiter Klasse werden gegen Beleg erstattet, der Pkw mit 30 Cent je Kilometer.
de-gleitzeit | Die Kernzeit reicht von neun bis fünfzehn Uhr; davor und danach gilt Gleitzeit.
de-datenschutz | Personenbezogene Daten werden nach sechs Monaten gelöscht, sofern kein Gesetz anderes verlangt.
de-brandschutz | Feuerlöscher sind alle zwei Jahre zu prüfen; das Prüfsiegel klebt am Griff.
de-spaetzle | Für Spätzle wird zäher Teig aus Mehl, Eiern und etwas Wasser ins kochende Salzwasser geschabt.
de-kartoffel | Mehligkochende Kartoffeln taugen für Püree, festkochende für Salat.
de-sauerkraut | Sauerkraut gärt vier Wochen im Topf und bleibt dabei immer von Lake bedeckt.
de-pilze | Steinpilze haben Röhren statt Lamellen; ihr bitterer Doppelgänger ist der Gallenröhrling.
de-storch | Störche fliegen über Gibraltar oder den Bosporus nach Afrika, weil über dem Meer die Aufwinde fehlen.
de-igel | Igel, die im November weniger als fünfhundert Gramm wiegen, überstehen den Winterschlaf nicht.
de-linde | Aus Lindenholz schnitzte Riemenschneider seine Altäre, denn es ist weich und gleichmäßig.
de-watt | Wer ins Watt hinausgeht, kehrt spätestens zwei Stunden vor dem Hochwasser um.
de-foehn | Der Föhn ist ein warmer Fallwind der Alpen, der Schnee schmelzen und Köpfe schmerzen lässt.
de-rhein | Der Rhein fällt bei Schaffhausen dreiundzwanzig Meter tief über Kalkfelsen.
de-gotik | Strebebögen leiten den Schub der Gewölbe nach außen, so dass die Wände aus Glas sein können.
de-fachwerk | Fachwerkhäuser ruhen auf Eichenbalken, die Gefache sind mit Lehm und Stroh gefüllt.
de-brille | Kurzsichtige sehen in der Ferne unscharf, weil ihr Augapfel zu lang ist.
de-zecke | Zecken werden nah an der Haut gefasst und langsam herausgezogen, nicht gedreht und nicht beträufelt.
de-blutdruck | Ein Blutdruck über 140 zu 90 gilt als erhöht, wenn er an mehreren Tagen gemessen wird.
de-versich | Die Hausratversicherung zahlt bei Einbruch, wenn die Tür abgeschlossen und nicht nur zugezogen war.
de-steuer | Die Steuererklärung ist bis zum 31. Juli abzugeben, mit Beraterin bis Ende Februar des übernächsten Jahres.
de-fehler77 | Fehlercode F77 der Spülmaschine zeigt Wasser in der Bodenwanne an.
de-fehler71 | Fehlercode F71 der Spülmaschine zeigt einen verstopften Ablauf an.
de-sieb | Das Sieb der Spülmaschine wird wöchentlich unter fließendem Wasser ausgespült.
`;

const CHINESE = `
zh-nianjia | 员工每年享有十五天带薪年假，未休完的可以顺延到次年三月。
zh-bingjia | 请病假须在当天上午九点前通知主管，三天以上需提供医院证明。
zh-chuchai | 出差乘坐高铁二等座，住宿费每晚不超过五百元，凭发票报销。
zh-jiaban | 周末加班可以调休，法定节假日加班按三倍工资支付。
zh-shiyong | 试用期为三个月，期间任何一方提前三天通知即可解除合同。
zh-menjin | 门禁卡遗失后请立即到前台挂失，补办费用二十元。
zh-wifi | 访客无线网络的名称是LIND-VISITOR，密码每周一更换。
zh-mima | 密码至少十二位，须包含字母和数字，每九十天更换一次。
zh-beifen | 数据库每天凌晨两点备份，备份文件保存三十天。
zh-xiaofang | 听到火警请走楼梯，不要乘坐电梯，到东门广场集合。
zh-e21 | 热水器显示E21表示水温传感器故障，请联系售后。
zh-e12 | 热水器显示E12表示点火失败，请检查燃气阀门是否打开。
zh-lvxin | 净水器的滤芯每六个月更换一次，型号为LX-808。
zh-kongtiao | 空调滤网积灰会降低制冷效果，夏季应每月清洗。
zh-baoxiu | 整机保修两年，电池保修半年，人为损坏不在保修范围内。
zh-tuihuo | 商品签收七天内可以无理由退货，运费由买家承担。
zh-fapiao | 电子发票在付款后二十四小时内发送到您的邮箱。
zh-kuaidi | 订单当天下午四点前付款的，当日发货；偏远地区需要五到七天。
zh-wuye | 物业费按季度缴纳，逾期每天加收千分之三的滞纳金。
zh-laji | 厨余垃圾放绿色桶，可回收物放蓝色桶，有害垃圾放红色桶。
zh-tingche | 地下车库B2层为新能源汽车充电车位，充满后请及时移走。
zh-chongwu | 遛狗必须牵绳，并随时清理粪便。
zh-zhuangxiu | 装修时间为工作日上午八点到下午六点，周末禁止施工。
zh-lvcha | 绿茶宜用八十度左右的水冲泡，水太烫会发苦。
zh-jiaozi | 煮饺子时加三次凉水，饺子浮起来就熟了。
zh-doufu | 做麻婆豆腐要先把豆腐在盐水里焯一下，这样不容易碎。
zh-mifan | 煮米饭前把米浸泡半小时，口感更松软。
zh-huangshan | 黄山以奇松、怪石、云海和温泉闻名。
zh-changcheng | 长城东起山海关，西至嘉峪关，明代重新修筑。
zh-dujiangyan | 都江堰由李冰父子修建，两千多年来一直灌溉成都平原。
zh-zhinanzhen | 指南针最早用天然磁石制成，宋代已用于航海。
zh-zaozhi | 蔡伦改进了造纸术，用树皮、破布和渔网作原料。
zh-xiongmao | 大熊猫每天要花十几个小时吃竹子，因为竹子的营养很少。
zh-zhongqiu | 中秋节在农历八月十五，家人团聚，赏月、吃月饼。
zh-chunjie | 春节前要打扫房屋、贴春联，除夕夜全家吃年夜饭。
zh-zhenjiu | 针灸用细针刺激穴位，常用来缓解疼痛。
zh-weiqi | 围棋棋盘有十九条横线和十九条竖线，黑方先行。
zh-jingju | 京剧的红脸代表忠勇，白脸代表奸诈。
zh-dizhen | 地震时应躲在坚固的桌子下面，远离窗户。
zh-taifeng | 台风来临前要关好门窗，把阳台上的花盆搬进屋里。
`;

export interface CorpusPassage {
  readonly name: string;
  readonly text: string;
}

export const passages: readonly CorpusPassage[] = [ENGLISH, GERMAN, CHINESE].flatMap((list) =>
  list
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', ...rest] = line.split(' | ');
      return { name, text: rest.join(' | ') };
    }),
);
