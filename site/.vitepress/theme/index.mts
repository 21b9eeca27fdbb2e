// Without the web fonts of the default theme: a reader's own fonts need no request.
import theme from 'vitepress/theme-without-fonts';
import './style.css';

export default theme;
