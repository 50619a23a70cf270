/**
 * What plans, gates and runs say, in Russian: the twin of engine/api/words.ts. `{name}` stands for a parameter, and
 * `{name|one|few|many}` for the form of a noun that this number asks for.
 */
export const engineWords: Readonly<Record<string, string>> = {
  // register
  register: 'внести {event} v{version} в реестр',
  register_now: '{event} v{version} ещё нет в реестре',
  register_now_done: '{event} v{version} уже есть в реестре',
  register_gate: 'сервисы {services} знают {event} v{version} с отпечатком выпущенной версии',
  register_inverse: 'убрать {event} v{version} из реестра',
  register_inverse_kept: 'ничего: {event} v{version} было в реестре и до этого запуска',
  register_unknown: '{instances}: не знают {event} v{version} или знают с другим содержанием',

  // deploy
  deploy_record: 'развернуть {service} с пустым потребителем {link}: он записывает, что сделал бы, и ничего не меняет',
  deploy_act: 'развернуть {service} с потребителем {link}, который умеет действовать',
  deploy_serve: 'развернуть {service} с точкой входа HTTP для {link}',
  deploy_call: 'развернуть {service} с вызовами {link} по HTTP',
  deploy_produce: 'развернуть {service} с производителем {event} для {link}: он ничего не публикует, пока так не решит переключатель',
  deploy_now:
    'у {missing} из {instances} {instances|экземпляра|экземпляров|экземпляров} {service} нет {capability}: их перезапустят по одному',
  deploy_now_done: '{capability} уже есть везде: {instances} {instances|экземпляр|экземпляра|экземпляров} {service}',
  deploy_now_unknown: '{service} не отвечает: его экземпляры неизвестны',
  deploy_gate: 'каждый живой экземпляр {service} заявляет {capability}',
  deploy_gate_positions: 'каждый живой экземпляр {service} заявляет {capability}, и для каждой партиции сохранена позиция',
  deploy_inverse: 'снова развернуть {service} без {capability}',
  deploy_inverse_kept: 'ничего: {capability} было у {service} и до этого запуска',
  deploy_waits:
    '{lacking}: пока без {capability}; {declared|заявляет|заявляют|заявляют} {declared} из {instances} {instances|экземпляра|экземпляров|экземпляров}',
  deploy_waits_person:
    'разверните {service} с {capability}: {declared|заявляет|заявляют|заявляют} {declared} из {instances} {instances|экземпляра|экземпляров|экземпляров}; без него {lacking}',
  deploy_waits_none: 'ни один экземпляр {service} не работает',
  deploy_waits_positions: '{service}: позиции сохранены для {stored} из {partitions} {partitions|партиции|партиций|партиций}',
  undeploy_waits: '{having}: всё ещё заявляют {capability}',

  // produce
  produce: '{service} производит {event} в тени: на {link} по-прежнему решает HTTP',
  produce_now: '{service} ещё не производит {event} на {link}',
  produce_now_done: '{service} уже производит {event} в тени, с эпохи {epoch}',
  produce_gate: 'первый факт из тени дошёл до {service} событием',
  produce_inverse: '{service} перестаёт производить {event} в тени',
  produce_waits:
    'до {service} ещё не дошёл событием ни один факт из тени; {facts|заявлен|заявлено|заявлено} {facts} {facts|факт|факта|фактов}',

  // parity
  parity: 'сравнить по бизнес-ключу, что сделало бы событие и что сделал HTTP',
  parity_now: 'сравнено: равных {equal}, разных {different}, пропавших {missing}, лишних {extra}, поздних {late}',
  parity_now_off: 'сравнивать нечего, пока в тени ничего не производится',
  parity_gate: 'не меньше {pairs} {pairs|пары|пар|пар}, в парах {coverage} % всех фактов, ни одной разной, пропавшей или лишней',
  parity_waits: '{have} из {want} {want|пары|пар|пар}, {rate} в секунду',
  parity_waits_traffic: '{have} из {want} {want|пары|пар|пар}, и новые не приходят: трафика нет',
  parity_waits_coverage: 'в парах {percent} % фактов, а нужно {want} %',
  parity_differs: 'разных {different}, пропавших {missing}, лишних {extra}: см. cutover parity {link}',

  // route
  route: 'одно переключение в {service}: отныне путь {link} — {route}',
  route_now: 'путь {link} сейчас — {from}; эпоха переключателя {epoch}',
  route_now_done: 'путь {link} уже {route}',
  route_gate: '{service} подтвердил переключение; открытых транзакций прежней эпохи нет',
  route_inverse: 'вернуть {link} на путь {route} и дождаться, пока дойдёт заявленное за это время',
  route_waits: '{service} всё ещё сообщает, что путь {link} — {route}',

  route_now_share: '{share} % ключей {link} — путь {route}; эпоха переключателя {epoch}',
  route_waits_share: '{service} сообщает, что {share} % ключей {link} — путь {route}',

  // portion
  portion: 'одно переключение в {service}: {share} % ключей {link} — путь {route}, остальные как раньше',
  portion_gate:
    'не меньше {facts} {facts|факта|фактов|фактов}, заявленных с тех пор для пути {route}, дошли окончательно, и среди них нет недоставленных',
  portion_inverse: 'вернуть все ключи {link} на путь {route} и дождаться, пока дойдёт заявленное за это время',
  portion_waits:
    '{terminal} из {want} {want|факта|фактов|фактов} {terminal|дошёл|дошли|дошли} окончательно, путь {route}; {issued|заявлен|заявлено|заявлено} {issued}',
  portion_dead:
    '{link}, путь {route}: {dead} {dead|недоставленный факт|недоставленных факта|недоставленных фактов}; разберите их и продолжите или верните всё назад',

  // drained
  drained: 'сверить факты {link}, заявленные для пути {route}, с дошедшими окончательно',
  drained_now:
    'из {issued} {issued|факта|фактов|фактов}, заявленных для пути {route}, окончательно не {outstanding|дошёл|дошли|дошли} {outstanding}',
  drained_now_later: 'считать нечего, пока путь {link} — {route}',
  drained_gate: 'все факты {link}, заявленные для пути {route}, дошли окончательно: заявлено минус дошло — ноль',
  drained_waits:
    '{outstanding} из {issued} {issued|факта|фактов|фактов}: в пути {on_their_way}, ждут повтора {retrying}, отложено {parked}, недоставленных {dead}',
  drained_share: '{share} % ключей {link} — путь {route}: новые факты заявляются для обоих путей',
  drained_route: 'путь {link} — {route}: заявляются новые факты',

  // retire
  retire_call: 'развернуть {service} без вызовов {link} по HTTP',
  retire_serve: 'развернуть {service} без точки входа HTTP для {link}: кто её ещё вызывает, получит отказ',
  retire_produce: 'развернуть {service} без производителя {event} для {link}',
  retire_consume: 'развернуть {service} без потребителя {link}',
  retire_now: '{capability} ещё есть у {having} из {instances} {instances|экземпляра|экземпляров|экземпляров} {service}',
  retire_now_done: 'ни у одного экземпляра {service} больше нет {capability}',
  retire_gate: 'ни один живой экземпляр {service} не заявляет {capability}',
  retire_no_return: 'прежний путь убирают из того, что работает; дорога назад — отдельный план: cutover apply {link} --to {route}',

  // links
  link_service_away: '{service} не отвечает ({reason})',
  link_instances_away:
    '{away|не отвечает|не отвечают|не отвечают} {away} из {instances} {instances|экземпляра|экземпляров|экземпляров} {service} ({reason})',
  link_service_unknown: 'у {service} нет адреса',
  link_epoch_back: '{service} сообщает эпоху {told} после {seen}: его базу восстановили из старой копии',

  // any step
  service_away: '{service} не отвечает: {reason}',
  step_refused: '{reason}',
  way_back_blocked: 'дорога назад сейчас закрыта: {reason}',
  plan_changed: 'в этой сборке план {plan} другой, чем тот, с которым начат запуск: завершите его той сборкой, которая его начала',
  until_reached: 'остановка после шага {step}, как приказано',
  internal: 'сбой в движке: {reason}',

  // figures
  figure_instances: 'экземпляры, которые заявляют',
  figure_having: 'экземпляры, у которых ещё есть',
  figure_positions: 'партиции с позицией',
  figure_services: 'сервисы, которые знают',
  figure_first: 'факты из тени, которые дошли',
  figure_pairs: 'сравнено пар',
  figure_coverage: 'процент фактов в парах',
  figure_different: 'разные',
  figure_missing: 'пропавшие',
  figure_extra: 'лишние',
  figure_late: 'поздние',
  figure_issued: 'заявлено фактов',
  figure_terminal: 'дошло окончательно',
  figure_outstanding: 'осталось',
  figure_parked: 'отложено',
  figure_dead: 'недоставленные',
  figure_epoch: 'эпоха переключателя',
}
