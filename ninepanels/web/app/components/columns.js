// @ts-check

/** The number of squares in a row: three, or fewer where the text is large. @param {Element} board */
export const columnsOf = (board) => getComputedStyle(board).gridTemplateColumns.split(" ").length;
