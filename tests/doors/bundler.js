// Resolves the package's imports as bundlers do.

export async function resolve(specifier, context, next) {
  const ofPackage = context.parentURL?.includes('/improv-wifi-serial-sdk/');
  const bare = ofPackage && specifier.startsWith('.') && !specifier.endsWith('.js');
  return next(bare ? specifier + '.js' : specifier, context);
}

export async function load(url, context, next) {
  const ofPackage = url.includes('/improv-wifi-serial-sdk/');
  return next(url, ofPackage ? {...context, format: 'module'} : context);
}
