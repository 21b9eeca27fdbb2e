import { SOURCE } from '../../../programs/msbuild.ts';
import { xmlRoot } from './xml-elements.ts';

/** Sections by which packages come from nowhere else, and none is run. */
const PLAIN =
  /^(?:packagesourcemapping|disabledpackagesources|activepackagesource|auditsources|packagemanagement|packagerestore|bindingredirects|solution|trustedsigners)$/;
const CONFIG = /^(?:dependencyversion|signaturevalidationmode|maxhttprequestspersource)$/i;

/** True where settings of NuGet name no source but NuGet’s own, and no folder of packages. */
export function isPlainNugetSettings(text: string): boolean {
  const root = xmlRoot(text);
  if (root?.name !== 'configuration') return false;
  return root.children.every(({ name, children }) => {
    if (PLAIN.test(name)) return true;
    const isSources = name === 'packagesources';
    if (!isSources && name !== 'config') return false;
    return children.every((one) => {
      if (one.name === 'clear' || one.name === 'remove') return true;
      const value = one.attributes.get('value') ?? '';
      return isSources ? SOURCE.test(value) : CONFIG.test(one.attributes.get('key') ?? '');
    });
  });
}
