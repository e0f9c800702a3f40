// Counts the segments of a text (GSM 03.38).
//
// GSM 7-bit: 160 characters in one segment, 153 in each of several; a character of the extension takes two. UCS-2: 70
// in one segment, 67 in each of several. A character of the extension or a surrogate pair is not split: it starts the
// next segment.

const BASIC = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?'
  + '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';

globalThis.segments = text => {
  const characters = [...text];
  const gsm = characters.every(character => BASIC.includes(character) || EXTENSION.includes(character));
  const places = characters.map(character => (gsm ? (EXTENSION.includes(character) ? 2 : 1) : character.length));
  const [single, several] = gsm ? [160, 153] : [70, 67];
  const whole = places.reduce((sum, place) => sum + place, 0);
  if (whole <= single) return {length: whole, count: 1, room: single};
  // Includes the places that stay free at the end of a segment.
  const length = places.reduce((sum, place) => (sum % several + place > several ? Math.ceil(sum / several) * several : sum) + place, 0);
  const count = Math.ceil(length / several);
  return {length, count, room: count * several};
};
