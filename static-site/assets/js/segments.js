// How many SMS a text becomes. GSM 03.38: 160 characters in one, 153 in each of several, its
// extension counting twice; anything else makes it UCS-2: 70 in one, 67 in each of several.

const BASIC = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?'
  + '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const EXTENSION = '\f^{}\\[~]|€';

globalThis.segments = text => {
  const characters = [...text];
  const gsm = characters.every(character => BASIC.includes(character) || EXTENSION.includes(character));
  const length = gsm
    ? characters.reduce((sum, character) => sum + (EXTENSION.includes(character) ? 2 : 1), 0)
    : text.length;
  const [single, several] = gsm ? [160, 153] : [70, 67];
  const count = length <= single ? 1 : Math.ceil(length / several);
  return {length, count, room: count === 1 ? single : count * several};
};
