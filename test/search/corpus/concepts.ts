import { wordsOf } from '../../../shared/search/index/terms.ts';

/**
 * A stand-in for an embedding model that knows what words mean: each line lists words of one meaning. A text's vector
 * is the sum of its meanings, and a little of its plain words, each with a direction of its own. It knows what this
 * corpus needs and no more; what it shows is whether the search makes use of such knowledge.
 */
const MEANINGS = `
holiday vacation leave urlaub urlaubstage jahresurlaub 年假
ill unwell sick illness krank krankenschein arbeitsunfahigkeit 病假
home remote remotely
hotel overnight accommodation lodging
reimburse reimbursed refunded refund money returned return back erstattet 报销 退货
badge card access entry 门禁
lost misplace misplaced weg verloren 遗失 丢了
gather meet assemble 集合
alarm siren drill fire 火警
request call query
api interface
customer client
pay paid payment reminder bill unpaid 缴纳
late overdue time 逾期
product good article bought 商品
egg old fresh good
soup stew broth
salt salty
bat navigate dark echo ear hearing shriek
mar red planet colour rust rusted iron
sky blue colour air light reason
bee honeybee communicate tell dance
flower blossom bloom
vaccine immunisation smallpox cowpox jenner
scurvy sailor teeth lemon vitamin
pawn passant passing capture captured taken piece
price cost fee euro 费用
fitting fitter technician exchange repair
valve tap
heating boiler radiator heizung heizungsanlage warm
service inspect inspected maintenance gewartet check checked wartung
year yearly annual often once 每年
noise gurgling humming leise ruhe sound
undo rollback revert
release deploy deployment bad error
copy copied backup kept stored 备份
server database 数据库
far distance length
employee staff worker 员工
hund katze hamster haustier dog pet 遛狗 狗要
schimmel mold stosluften luften
zecke herausgezogen heraus
fahrrad rad bicycle bike abstellen hof
schlussel key schlos
steuer steuererklarung tax
fertig abzugeben
watt wattenmeer
hinausgeht gehen weit
auszug kaution zuruckgezahlt sicherheit
kartoffel kartoffelsalat salat
musiziert gebohrt leise ruhe
inform tell notify supervisor melden 通知
emergency evacuation leave stair
bite acid sour
`;

const DIMENSIONS = 256;
const meanings = new Map<string, number[]>();
for (const [meaning, line] of MEANINGS.trim().split('\n').entries()) {
  for (const word of line.split(' ')) {
    for (const part of wordsOf(word)) meanings.set(part, [...(meanings.get(part) ?? []), meaning]);
  }
}

/** What the stand-in says of a text. */
export function meaningVector(text: string): number[] {
  const vector = new Array<number>(DIMENSIONS).fill(0);
  for (const word of new Set(wordsOf(text))) {
    for (const meaning of meanings.get(word) ?? []) add(vector, `meaning ${meaning}`, 1);
    // Such models blur identifiers: one number is much like another to them.
    if (/\d/.test(word)) add(vector, 'some identifier', 0.5);
    add(vector, word, /[\d_]/.test(word) ? 0.05 : 0.35);
  }
  const norm = Math.hypot(...vector) || 1;
  return vector.map((value) => value / norm);
}

/** A direction that follows from the name alone. */
function add(vector: number[], name: string, weight: number): void {
  let state = 2166136261;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 16777619);
  for (let i = 0; i < vector.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    vector[i] = (vector[i] as number) + ((state / 2 ** 31) * weight) / Math.sqrt(DIMENSIONS / 3);
  }
}
