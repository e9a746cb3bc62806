# The image's root as a container: mounted as the initrd mounts it, and then the image's own systemd.
# Arguments: disk image, offset of the root file system in bytes, a folder of files for /run/given, what to do with
# them before systemd starts, a terminal, a folder of ours for mount points; then the command that bounds what root
# can do. What it mounts, and the processes, end with this script's own namespaces.
set -eu
image=$1 offset=$2 given=$3 prepare=$4 console=$5 place=$6
shift 6
root=$place/root
mkdir -p "$root"

# The caller has put us into a control group of our own: the root of what systemd sees.
mount -t squashfs -o ro,loop,offset="$offset" "$image" "$root"

mount -t tmpfs -o mode=0755,nodev,nosuid,size=256m data "$root/data"
mkdir -p "$root/data/state" "$root/data/var" "$root/data/home"
chown 0:900 "$root/data/state"
chmod 0750 "$root/data/state"
tr -d - </proc/sys/kernel/random/uuid >"$root/data/state/machine-id"
mount --bind "$root/data/var" "$root/var"

mount -t tmpfs -o mode=0755,nodev,nosuid run "$root/run"
mkdir -p "$root/run/hotspare/etc/upper" "$root/run/hotspare/etc/work" "$root/run/systemd/system"
cp -R "$given" "$root/run/given"
chmod 0755 "$root/run/hotspare/etc/upper"
mount -t overlay hotspare-etc "$root/etc" \
	-o "lowerdir=$root/etc,upperdir=$root/run/hotspare/etc/upper,workdir=$root/run/hotspare/etc/work"
cat "$root/data/state/machine-id" >"$root/etc/machine-id"
# The boot environment of a disk that was just flashed.
mount -t tmpfs -o mode=0700,nodev,nosuid,noexec,size=1m esp "$root/boot/efi"
mkdir "$root/boot/efi/grub"
printf '# GRUB Environment Block\nORDER=A B\nA_OK=1\nB_OK=1\nA_TRY=0\nB_TRY=0\n%s' "$(printf '%1024s' | tr ' ' '#')" |
	head -c 1024 >"$root/boot/efi/grub/grubenv"
# There is no disk here, and nobody sits at the console.
for unit in hotspare-grow-data hotspare-seed-slot console-getty; do
	ln -s /dev/null "$root/run/systemd/system/$unit.service"
done

# The host's kernel is not the container's to change: only its own network is.
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
[ ! -e "$root/proc/sysrq-trigger" ] || mount --bind /dev/null "$root/proc/sysrq-trigger"
echo "quiet rauc.slot=A" >"$root/run/hotspare/cmdline"
mount --bind "$root/run/hotspare/cmdline" "$root/proc/cmdline"
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"

mount -t tmpfs -o mode=0755,nosuid dev "$root/dev"
for device in null zero full random urandom tty; do
	: >"$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for number in 0 1 2; do
	ln -s "fd/$number" "$root/dev/$(echo stdin stdout stderr | cut -d ' ' -f $((number + 1)))"
done
: >"$root/dev/console"
mount --bind "$console" "$root/dev/console"

cd "$root"
pivot_root . mnt
exec chroot . /usr/bin/env -i container=hotspare PATH=/usr/sbin:/usr/bin /bin/sh -ec '
	umount -l /mnt
	sh -ec "$1"
	shift
	exec "$@" /sbin/init' sh "$prepare" "$@"
