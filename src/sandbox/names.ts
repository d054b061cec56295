import { frequencies, ranked, type Frequencies, type Random } from './random.ts'

/**
 * Names as frequent as in the United States, by sex, birth decade and community. No entry is a person: the
 * tables hold single names, and every combination is drawn.
 */
export type Community =
  | 'white'
  | 'black'
  | 'hispanic'
  | 'chinese'
  | 'vietnamese'
  | 'indian'
  | 'korean'
  | 'filipino'
  | 'native'
  | 'pacific'

const words = (text: string): string[] => text.trim().split(/\s+/)
// `_` stands for a space inside one name.
const list = (text: string): string[] => words(text).map((word) => word.replaceAll('_', ' '))

// --- surnames, most frequent first ---

const ENGLISH = ranked(
  list(`Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Thomas Taylor Moore Jackson Martin
  Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Nelson Baker Hall
  Campbell Mitchell Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart Morris Murphy Cook Rogers Morgan
  Peterson Cooper Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson Brooks Bennett Gray James Hughes Price
  Myers Long Foster Sanders Ross Powell Sullivan Russell Jenkins Perry Butler Barnes Fisher Henderson Coleman Simmons
  Patterson Jordan Reynolds Hamilton Graham Wallace Cole West Hayes Bryant Gibson Ellis Stevens Murray Ford Marshall
  Owens McDonald Harrison Kennedy Wells Henry Woods Freeman Webb Tucker Burns Crawford Olson Simpson Porter Hunter
  Gordon Hicks Hunt Holmes Palmer Wagner Black Robertson Boyd Rose Stone Fox Mills Warren Meyer Rice Schmidt Nichols
  Knight Ferguson Hansen Weaver Stephens Carroll Dunn Grant Snyder Payne Spencer Pierce Bradley Gardner Arnold Wheeler
  Hoffman Hawkins Armstrong Larson Carlson Weber Schneider Becker Schultz Keller Klein Zimmerman Bauer Kowalski Nowak
  Wisniewski Jankowski O'Brien O'Connor O'Neill O'Donnell McCarthy MacDonald FitzGerald St._John Van_Buren
  Von_Hagen D'Angelo De_Luca Rossi Romano Russo Bianchi Esposito Lindqvist Söderberg Müller Löffler Kovács Novák`),
  12,
)

const SPANISH = ranked(
  list(`García Rodríguez Martínez Hernández López González Pérez Sánchez Ramírez Torres Flores Rivera Gómez Díaz
  Reyes Morales Cruz Ortiz Gutiérrez Chávez Ramos Ruiz Alvarez Mendoza Vásquez Castillo Jiménez Moreno Romero Herrera
  Medina Aguilar Garza Castro Vargas Fernández Guzmán Muñoz Méndez Salazar Soto Delgado Peña Ríos Alvarado Sandoval
  Contreras Valdez Guerrero Ortega Estrada Núñez Maldonado Vega Espinoza Santiago Padilla Domínguez Rojas Marquez
  Acosta Figueroa Luna Juárez Navarro Campos Molina Avila Ayala Mejía Carrillo Durán Santos Salinas Robles Solís Lara
  Cervantes De_la_Cruz De_León Del_Toro Ibáñez Quiñones Zamora Villarreal Ocampo Fuentes Cabrera Barrera Trujillo`),
  8,
)

const CHINESE = ranked(
  list(
    'Wang Li Zhang Liu Chen Yang Huang Wu Zhou Xu Sun Lin Zhu Gao Ma Lu He Guo Luo Zheng Xie Han Tang Feng Deng Chan Wong Ng Cheung Lau',
  ),
  4,
)
const VIETNAMESE = frequencies<string>([
  ['Nguyen', 38],
  ['Tran', 11],
  ['Le', 9.5],
  ['Pham', 7],
  ['Huynh', 5],
  ['Hoang', 5],
  ['Phan', 4.5],
  ['Vu', 4],
  ['Vo', 4],
  ['Dang', 2.5],
  ['Bui', 2],
  ['Do', 1.5],
  ['Ho', 1.5],
  ['Ngo', 1.5],
  ['Duong', 1],
  ['Ly', 1],
])
const INDIAN = ranked(
  list(
    'Patel Singh Shah Kumar Sharma Gupta Reddy Desai Mehta Rao Joshi Khan Nair Iyer Chaudhary Agarwal Kaur Mishra Verma Malhotra Kapoor Banerjee Mukherjee Krishnan Pillai Bhatt',
  ),
  5,
)
const KOREAN = frequencies<string>([
  ['Kim', 21],
  ['Lee', 15],
  ['Park', 8.4],
  ['Choi', 4.7],
  ['Jung', 4.3],
  ['Kang', 2.4],
  ['Cho', 2.1],
  ['Yoon', 2],
  ['Chang', 2],
  ['Lim', 1.7],
  ['Han', 1.5],
  ['Shin', 1.5],
  ['Seo', 1.5],
  ['Kwon', 1.4],
])
const FILIPINO = ranked(
  list(
    'Santos Reyes Cruz Bautista Ocampo Garcia Mendoza Torres Castillo Flores Villanueva Ramos Aquino Dela_Cruz Mercado Pascual Soriano Manalo Magsaysay Dimaculangan Salonga Tolentino',
  ),
  5,
)
const NATIVE = ranked(
  list(
    'Begay Yazzie Benally Tsosie Whitehorse Redcloud Locklear Oxendine Two_Bulls Runningwater Tallchief Nez Blackbear Eagle Swift_Hawk Smith Johnson Williams',
  ),
  5,
)
const PACIFIC = ranked(
  list("Kealoha Kahale Makoa Tuiasosopo Faleafa Leilua Tagaloa Ka'ana'ana Kalani Mahoe Akana Kekoa"),
  5,
)

// The long tail: three in ten Americans bear a surname outside the first few thousand.
const TAIL_HEADS =
  words(`Ash Bark Beck Berg Black Bran Brook Burn Cald Carl Chest Cran Dahl Dray East Eber Elder Fair
  Farn Feld Fink Gold Grims Hals Hart Haver Heath Hol Hols Kirk Kling Lang Lind Lock Marl Mer Mill Nord Oak Over Pem
  Prest Quill Rad Rams Rosen Sand Shel Stan Stein Stock Sund Thorn Tilling Under Vander Wal Wein West Whit Wind Wool`)
const TAIL_ENDS =
  words(`bach baum beck berg borough bridge brook bury by dale den er field ford gard gate gren ham
  hart haus holm hurst land ley man mann meier more ridge sen sky son stead stein strom ton wald ward wick wood worth`)

const SURNAMES: Record<Community, Frequencies<string>> = {
  white: ENGLISH,
  black: ENGLISH,
  hispanic: SPANISH,
  chinese: CHINESE,
  vietnamese: VIETNAMESE,
  indian: INDIAN,
  korean: KOREAN,
  filipino: FILIPINO,
  native: NATIVE,
  pacific: PACIFIC,
}

const TAIL_SHARE: Partial<Record<Community, number>> = { white: 0.46, black: 0.22, native: 0.1 }

export function surname(random: Random, community: Community): string {
  if (random.chance(TAIL_SHARE[community] ?? 0)) return `${random.pick(TAIL_HEADS)}${random.pick(TAIL_ENDS)}`
  return random.draw(SURNAMES[community])
}

// --- given names by era: born before 1940, 1940–59, 1960–79, 1980–99, from 2000 ---

const FEMALE_ERAS = [
  `Mary Betty Dorothy Helen Margaret Barbara Patricia Joan Shirley Doris Ruth Virginia Jean Frances Nancy Evelyn Alice
   Marie Lois Marjorie Martha Gloria Joyce Rose Irene Phyllis Carol Norma Louise Elizabeth Donna Anna Marilyn Janet
   Beverly Florence Eleanor Catherine Edna Lillian Thelma Josephine Ethel Delores Rita Ann Geraldine Lucille Wanda`,
  `Mary Linda Barbara Patricia Carol Susan Sandra Deborah Nancy Sharon Karen Judith Kathleen Donna Margaret Betty Diane
   Carolyn Janet Judy Brenda Pamela Shirley Janice Cynthia Kathy Debra Joyce Gloria Elizabeth Bonnie Cheryl Christine
   Martha Peggy Catherine Ann Marilyn Jane Rebecca Connie Jean Virginia Gail Rose Beverly Rita Theresa Joan Denise`,
  `Lisa Mary Michelle Kimberly Jennifer Susan Karen Angela Tammy Melissa Amy Patricia Laura Elizabeth Julie Cynthia
   Sandra Donna Christine Pamela Deborah Tina Lori Dawn Stephanie Rebecca Heather Nicole Maria Teresa Barbara Linda
   Denise Wendy Kelly Andrea Robin Rhonda Tracy April Rachel Sarah Stacy Carrie Paula Monica Tonya Christina Renée Jill`,
  `Jessica Ashley Jennifer Amanda Sarah Brittany Stephanie Samantha Melissa Elizabeth Emily Megan Nicole Kayla Lauren
   Rachel Danielle Rebecca Heather Amber Michelle Courtney Victoria Hannah Taylor Kimberly Tiffany Alexis Christina
   Chelsea Kelsey Laura Katherine Erin Jasmine Crystal Morgan Alyssa Andrea Allison Abigail Anna Mary Shelby Erica
   Brianna Whitney Caitlin Lindsey Vanessa Chloé`,
  `Emma Olivia Sophia Isabella Ava Emily Abigail Madison Mia Chloe Elizabeth Charlotte Harper Amelia Evelyn Avery Sofia
   Grace Ella Hannah Natalie Addison Lily Aubrey Zoey Samantha Alexis Brooklyn Leah Victoria Scarlett Nora Hazel
   Savannah Audrey Claire Layla Penelope Riley Aria Lucy Anna Ellie Violet Stella Maya Aurora Kennedy Luna Ruby Zoë`,
]

const MALE_ERAS = [
  `Robert James John William Richard Charles Donald George Thomas Joseph Edward Kenneth Paul Raymond Harold Frank
   Walter Jack Henry David Albert Arthur Eugene Ralph Harry Carl Gerald Louis Howard Willie Clarence Fred Earl Roy
   Francis Norman Stanley Leonard Herbert Lawrence Ernest Marvin Melvin Bernard Lloyd Leroy Herman Clifford Russell`,
  `James Robert John William David Michael Richard Thomas Charles Gary Larry Ronald Joseph Donald Kenneth Steven Dennis
   Paul Stephen George Daniel Edward Mark Jerry Gregory Bruce Roger Douglas Frank Terry Raymond Timothy Lawrence Gerald
   Wayne Anthony Peter Patrick Danny Walter Alan Willie Jeffrey Carl Harold Arthur Henry Jack Johnny Roy Phillip Glenn`,
  `Michael David John James Robert William Christopher Mark Brian Richard Jeffrey Scott Joseph Steven Thomas Timothy
   Kevin Jason Matthew Daniel Charles Eric Kenneth Paul Anthony Gregory Ronald Stephen Todd Edward Patrick Donald Keith
   Gary Chad Shawn Andrew Sean Bryan Douglas Troy Craig Joshua Jonathan Larry Dennis Randy Peter Bradley Derek Marc`,
  `Michael Christopher Matthew Joshua Andrew Daniel Justin David Ryan John Robert James Joseph Brandon Tyler Nicholas
   William Anthony Jonathan Zachary Kyle Eric Thomas Kevin Steven Brian Timothy Jacob Alexander Adam Benjamin Aaron
   Richard Patrick Sean Charles Cody Stephen Jeremy Jordan Nathan Jason Dustin Mark Travis Samuel Austin Cameron Ethan`,
  `Jacob Michael Ethan Noah Liam Mason William Alexander Jayden Daniel James Benjamin Elijah Aiden Logan Matthew Lucas
   Jackson Joseph David Samuel Henry Owen Sebastian Gabriel Carter Anthony John Dylan Luke Christopher Andrew Isaac
   Joshua Ryan Nathan Caleb Jack Oliver Hunter Levi Christian Wyatt Isaiah Charles Landon Eli Jonathan Julian Theodore`,
]

const byEra = (eras: readonly string[]): Frequencies<string>[] => eras.map((era) => ranked(words(era), 6))

type Given = Record<'F' | 'M', readonly Frequencies<string>[]>
const GENERAL: Given = { F: byEra(FEMALE_ERAS), M: byEra(MALE_ERAS) }

const HISPANIC: Given = {
  F: byEra([
    `María Juana Guadalupe Rosa Carmen Josefina Margarita Teresa Dolores Esperanza Socorro Consuelo Ángela Ofelia Elvira
     Graciela Francisca Luisa Ana Elena Amparo Concepción Mercedes Alicia Beatriz`,
    `Sofía Isabella Valentina Camila Daniela Gabriela Mariana Ximena Andrea Alejandra Natalia Fernanda Lucía Paola
     Jazmín Estefanía Karla Diana Mónica Adriana Verónica Leticia Claudia Yesenia Maribel`,
  ]),
  M: byEra([
    `José Juan Jesús Manuel Francisco Antonio Pedro Luis Miguel Ramón Salvador Rafael Roberto Guadalupe Alfredo Arturo
     Raúl Enrique Ernesto Rubén Fernando Guillermo Héctor Ángel Andrés`,
    `José Luis Carlos Juan Alejandro Diego Ángel Santiago Mateo Sebastián Jesús Miguel Eduardo Javier Óscar Iván César
     Sergio Ricardo Adrián Emiliano Jorge Víctor Hugo Martín`,
  ]),
}

const BLACK_YOUNG: Given = {
  F: byEra([
    'Jasmine Aaliyah Imani Kiara Ebony Tanisha Latoya Keisha Shanice Destiny Raven Diamond Nia Aniyah Kayla Deja Tiara Monique Jada Zaria',
  ]),
  M: byEra([
    'Malik Darius Tyrone Jamal Marcus Terrence Andre DeShawn Xavier Isaiah Elijah Jalen Trey Demetrius Khalil Marquis Jermaine Kareem Tyrell Devonte',
  ]),
}
const CHINESE_GIVEN: Given = {
  F: byEra(['Mei Ying Xiu Fang Li Na Jing Yan Hui Min Xiaoling Meiling Yue Lan Hong Qing Shu-Fen Xin']),
  M: byEra(['Wei Jian Ming Jun Hao Lei Feng Qiang Bo Chao Peng Kai Guang Zhi Yong Tao Xiang Chih-Hao']),
}
const VIETNAMESE_GIVEN: Given = {
  F: byEra([
    'Thi_Lan Thi_Hoa Huong Linh Mai Trang Ngoc Thuy Phuong Hanh Kim Anh Yen Thao My Hien Loan Tuyet',
  ]),
  M: byEra([
    'Van_Minh Van_Hung Minh Tuan Anh Hung Dung Thanh Hai Long Nam Quang Duc Khanh Bao Son Tien Vinh',
  ]),
}
const INDIAN_GIVEN: Given = {
  F: byEra([
    'Priya Anjali Sunita Kavita Pooja Neha Lakshmi Meena Asha Divya Sneha Aarti Rekha Anita Nisha Shreya Ananya Padma',
  ]),
  M: byEra([
    'Raj Amit Sanjay Rahul Vijay Anil Suresh Ramesh Arjun Vikram Ravi Deepak Rohan Nikhil Ashok Manish Kiran Aditya',
  ]),
}
const KOREAN_GIVEN: Given = {
  F: byEra([
    'Ji-Young Min-Ji Soo-Jin Hye-Jin Eun-Ji Young-Hee Sun-Hee Mi-Kyung Yuna Hana Grace Esther Jin-Ah',
  ]),
  M: byEra([
    'Min-Jun Ji-Hoon Sung-Ho Jae-Hyun Young-Ho Dong-Hyun Sang-Woo Jin-Woo Daniel Joon Tae-Yang Hyun-Woo',
  ]),
}
const FILIPINO_GIVEN: Given = {
  F: byEra([
    'Maria Rosario Corazon Luzviminda Marites Jocelyn Rowena Angelica Kristine Princess Imelda Lourdes Maricel',
  ]),
  M: byEra(['Jose Ramon Rodrigo Benigno Reynaldo Rommel Jayson Mark_Anthony John_Paul Danilo Ernesto Arnel']),
}
const PACIFIC_GIVEN: Given = {
  F: byEra(['Leilani Malia Kalena Noelani Sina Moana Kailani Lani Pua']),
  M: byEra(['Keoni Kai Koa Ikaika Sione Tavita Makana Kimo Nalu']),
}

/** The given name of someone born in `birthYear`. */
export function givenName(random: Random, community: Community, sex: 'F' | 'M', birthYear: number): string {
  return random.draw(givenTable(random, community, sex, birthYear)).replaceAll('_', ' ')
}

function givenTable(
  random: Random,
  community: Community,
  sex: 'F' | 'M',
  birthYear: number,
): Frequencies<string> {
  const own = OWN_NAMES[community]
  if (own !== undefined && random.chance(own.share)) {
    const eras = own.tables[sex]
    return eras[birthYear < 1975 ? 0 : eras.length - 1] ?? general(sex, birthYear)
  }
  return general(sex, birthYear)
}

const general = (sex: 'F' | 'M', birthYear: number): Frequencies<string> => {
  const era = Math.min(4, Math.max(0, Math.floor((birthYear - 1920) / 20)))
  return GENERAL[sex][era] as Frequencies<string>
}

const OWN_NAMES: Partial<Record<Community, { share: number; tables: Given }>> = {
  hispanic: { share: 0.72, tables: HISPANIC },
  black: { share: 0.2, tables: BLACK_YOUNG },
  chinese: { share: 0.5, tables: CHINESE_GIVEN },
  vietnamese: { share: 0.7, tables: VIETNAMESE_GIVEN },
  indian: { share: 0.85, tables: INDIAN_GIVEN },
  korean: { share: 0.6, tables: KOREAN_GIVEN },
  filipino: { share: 0.7, tables: FILIPINO_GIVEN },
  pacific: { share: 0.6, tables: PACIFIC_GIVEN },
}

/** Forms that people use for themselves; the second registration of one person often carries one. */
export const NICKNAMES: Readonly<Record<string, string>> = {
  Robert: 'Bob',
  William: 'Bill',
  Richard: 'Rick',
  James: 'Jim',
  John: 'Jack',
  Michael: 'Mike',
  Thomas: 'Tom',
  Joseph: 'Joe',
  Charles: 'Chuck',
  Edward: 'Ed',
  Daniel: 'Dan',
  Matthew: 'Matt',
  Christopher: 'Chris',
  Anthony: 'Tony',
  Andrew: 'Andy',
  Benjamin: 'Ben',
  Samuel: 'Sam',
  Nicholas: 'Nick',
  Alexander: 'Alex',
  Elizabeth: 'Beth',
  Margaret: 'Peggy',
  Katherine: 'Kate',
  Catherine: 'Cathy',
  Patricia: 'Pat',
  Deborah: 'Debbie',
  Barbara: 'Barb',
  Susan: 'Sue',
  Jennifer: 'Jen',
  Jessica: 'Jess',
  Rebecca: 'Becky',
  Kimberly: 'Kim',
  Victoria: 'Vicky',
  Samantha: 'Sam',
  Abigail: 'Abby',
  Dorothy: 'Dot',
  José: 'Pepe',
  Francisco: 'Paco',
  Guadalupe: 'Lupe',
  Isabella: 'Bella',
  Theodore: 'Ted',
  Gabriel: 'Gabe',
  Jonathan: 'Jon',
  Stephanie: 'Steph',
}

/** Letters without their accents, as older registration screens kept them. */
export const unaccented = (text: string): string => text.normalize('NFD').replace(/\p{Mn}/gu, '')
