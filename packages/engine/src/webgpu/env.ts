import path from 'node:path';

/** Whether a software adapter (llvmpipe, SwiftShader) may be used: right, and far slower than the wasm back end. */
export function allowsSoftwareAdapter(): boolean {
  return process.env.CONSILIUM_WEBGPU_SOFTWARE === '1';
}

/** Files of Vulkan drivers that the environment names; they replace those of the system. */
export function namedVulkanDrivers(): string[] {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES } = process.env;
  return [VK_DRIVER_FILES, VK_ICD_FILENAMES, VK_ADD_DRIVER_FILES].flatMap((list) => split(list));
}

/**
 * Folders where the Vulkan loader of Linux looks for drivers.
 *
 * Source   Vulkan-Loader, docs/LoaderDriverInterface.md, "Driver Discovery on Linux".
 */
export function vulkanDriverFolders(): string[] {
  const { HOME, XDG_CONFIG_HOME, XDG_CONFIG_DIRS, XDG_DATA_HOME, XDG_DATA_DIRS } = process.env;
  const ofHome = (folder: string): string[] => (HOME ? [path.join(HOME, folder)] : []);
  const roots = [
    ...(XDG_CONFIG_HOME ? [XDG_CONFIG_HOME] : ofHome('.config')),
    ...split(XDG_CONFIG_DIRS ?? '/etc/xdg'),
    '/usr/local/etc',
    '/etc',
    ...(XDG_DATA_HOME ? [XDG_DATA_HOME] : ofHome('.local/share')),
    ...split(XDG_DATA_DIRS ?? ''),
    '/usr/local/share',
    '/usr/share',
  ];
  return roots.map((root) => path.join(root, 'vulkan', 'icd.d'));
}

function split(list: string | undefined): string[] {
  return (list ?? '').split(path.delimiter).filter((entry) => entry !== '');
}
