// The end of a sign-in in a popup: the window that opened it polls this key.
localStorage.setItem('auth_status', 'success');
if (!window.opener) {
  location.replace(document.getElementById('continue').href);
}
