// A job: asks once, says what it heard, and ends.
const answer = await fetch('http://127.0.0.1:43118/');
console.log((await answer.text()).trim());
