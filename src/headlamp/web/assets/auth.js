// The end of a sign-in in a window of its own. A Headlamp frontend that opened it polls this key.
localStorage.setItem('auth_status', 'success');
// Our own page can't keep a handle on a window that visits a provider, nor be its opener: the two find each other here.
const tabs = new BroadcastChannel(`headlamp ${new URL('..', document.currentScript.src).pathname}`);
const goOn = document.getElementById('continue').href;
// In milliseconds. Whoever waits for this sign-in is open already, and answers at once; until it goes on may take longer.
const patience = 2000;
const alone = setTimeout(() => {
  if (!window.opener) location.replace(goOn);
}, patience);
tabs.addEventListener('message', ({ data }) => {
  if (data?.type !== 'resuming' && data?.type !== 'resumed') return;
  clearTimeout(alone);
  if (data.type === 'resumed') window.close();
});
tabs.postMessage({ type: 'signed-in' });
